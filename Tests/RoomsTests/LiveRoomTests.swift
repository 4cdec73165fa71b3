import Checkpoints
import Foundation
import Realtime
import Runtime
import Synchronization
import Telemetry
import Testing
import VivaConfiguration
import Workers

@testable import Rooms
@testable import Sessions

/// A session that is a room, alive on a shard, with the events that each participant gets.
@Suite("A session as a room", .timeLimit(.minutes(2)))
struct LiveRoomTests {
  @Test("guests come, take the agent's place, mute, and leave; everybody is told, each in the same order")
  func wholeVisit() async throws {
    let stage = Stage()
    defer { stage.shard.stop() }
    let (session, media, caller) = (stage.session, stage.media, stage.caller)
    let (listener, human) = (Listener(), Listener())

    // A data channel opens some time after its owner has joined.
    let listenerID = try session.join(nil, role: .listener)
    let humanID = try session.join(human, role: .human)
    await stage.onShard { room in
      let first = try room.join(listenerID, at: 8, role: nil, key: .listener)
      let second = try room.join(humanID, at: 9, role: nil, key: .human)
      #expect(first == 2 && second == 3)
      #expect(throws: RealtimeError.self) { _ = try room.join(listenerID, at: 10, role: nil, key: .listener) }
    }
    session.openEvents(listener, of: listenerID)
    session.receive(Self.takeover, from: humanID) {}
    await stage.settle()
    #expect(media.state.withLock { $0.transcribed } == 9)
    #expect(await session.state.floorHolder == "guest_\(humanID.value)")

    session.receive(Self.response, from: .client) {}
    session.receive(Self.takeover, from: listenerID) {}
    session.receive(Self.muteCaller, from: humanID) {}
    await stage.settle()
    #expect(media.state.withLock { $0.isCallerMuted })
    #expect(caller.errors == ["floor_taken"])
    #expect(listener.errors == ["insufficient_scope"])

    session.leave(humanID)
    await stage.settle()
    #expect(media.state.withLock { $0.transcribed } == nil)
    #expect(media.state.withLock { $0.seats.map(\.number) } == [0, 1, 2])
    #expect(await session.state.floorHolder == nil)

    let expected = [
      "viva.room.participant_joined", "viva.room.participant_joined", "viva.room.role_changed", "viva.room.muted",
      "viva.room.participant_left",
    ]
    #expect(caller.room == expected)
    // Those who were there before, then the same as everybody.
    #expect(listener.room == ["viva.room.participant_joined", "viva.room.participant_joined"] + expected)
    #expect(listener.types.first == "session.created")
    #expect(human.types.first == "session.created")
    session.disconnected()
    await stage.settle()
  }

  @Test("a program at the session's side lets the agent have its place again")
  func host() async throws {
    let stage = Stage()
    defer { stage.shard.stop() }
    let human = try stage.session.join(Listener(), role: .human)
    let program = try stage.session.join(Listener(), role: .sideband)
    await stage.onShard { _ = try $0.join(human, at: 9, role: nil, key: .human) }
    stage.session.receive(Self.takeover, from: human) {}
    stage.session.receive(Self.handback, from: program) {}
    await stage.settle()
    #expect(stage.caller.room == ["viva.room.participant_joined", "viva.room.role_changed", "viva.room.role_changed"])
    #expect(await stage.session.state.floorHolder == nil)
    stage.session.disconnected()
    await stage.settle()
  }

  @Test("the active speaker is told by name")
  func activeSpeaker() async throws {
    let stage = Stage()
    defer { stage.shard.stop() }
    await stage.onShard { room in
      room.activeSpeakerChanged(to: RoomSeat.agent)
      room.activeSpeakerChanged(to: 77)
    }
    #expect(stage.caller.speakers == ["agent"])
    stage.session.disconnected()
    await stage.settle()
  }

  @Test("a session that is no room says so")
  func noRoom() async throws {
    let stage = Stage(hasRoom: false)
    defer { stage.shard.stop() }
    stage.session.receive(Self.takeover, from: .client) {}
    await stage.settle()
    #expect(stage.caller.errors == ["no_room"])
    stage.session.disconnected()
    await stage.settle()
  }

  // MARK: Helpers

  private static let takeover = Array(#"{"type":"viva.room.takeover"}"#.utf8)
  private static let handback = Array(#"{"type":"viva.room.handback"}"#.utf8)
  private static let response = Array(#"{"type":"response.create"}"#.utf8)
  private static let muteCaller = Array(#"{"type":"viva.room.mute","participant_id":"caller"}"#.utf8)

  private final class Stage: Sendable {
    let shard = Shard(index: 0)
    let session: Session
    let caller = Listener()
    let media = ScriptedMedia()

    init(hasRoom: Bool = true) {
      shard.start()
      let agent = Agent(name: "assistant")
      let limits = LimitSettings()
      let core = SessionCore(
        session: .starting(id: "sess_\(UUID().uuidString)", agent: agent, limits: limits), agent: agent,
        limits: limits, audio: AudioSettings(), leg: .media)
      let workers = WorkerSet(settings: WorkerSettings(), observer: WorkerMetrics(MetricsRegistry()))
      session = Session(
        core: core, owner: "owner", shard: shard, channel: caller,
        workers: SessionWorkers(
          recognizer: workers.recognizer(order: []), languageModel: workers.languageModel(order: []),
          synthesizer: workers.synthesizer(order: [])), store: VolatileCheckpointStore(), observer: Nobody())
      session.open()
      guard hasRoom else { return }
      shard.post { [session, media] in
        _ = LiveRoom(session, callerPlace: 7, maximumGuests: 10, media: media)
      }
    }

    /// Runs something with the room, on the shard.
    func onShard(_ body: @escaping @Sendable (LiveRoom) throws -> Void) async {
      await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
        shard.post { [session] in
          do {
            let room = try #require(session.attachedRoom as? LiveRoom)
            try body(room)
          } catch {
            Issue.record(error)
          }
          done.resume()
        }
      }
    }

    /// What was posted to the session's shard before is done.
    func settle() async {
      _ = await session.state
      _ = await session.state
    }
  }

  private final class ScriptedMedia: RoomMedia {
    let state = Mutex((seats: [RoomSeat](), transcribed: Int32?.none, isCallerMuted: false))

    func seat(_ seats: [RoomSeat]) { state.withLock { $0.seats = seats } }
    func transcribe(_ place: Int32?) { state.withLock { $0.transcribed = place } }
    func muteCaller(_ isMuted: Bool) { state.withLock { $0.isCallerMuted = isMuted } }
  }

  private final class Nobody: SessionObserver {
    func observed(_ observation: Observation, agent: String) {}
    func committed(_ events: [SessionEvent], state: SessionState, in session: Session) {}
    func ended(_ session: Session) {}
  }

  private final class Listener: ClientChannel {
    private let received = Mutex([ServerMessage]())

    private var events: [ServerMessage] { received.withLock { $0 } }
    var types: [String] { events.map(\.type) }
    var room: [String] { types.filter { $0.hasPrefix("viva.room.") } }
    var errors: [String] { events.compactMap(\.error?.code) }
    var speakers: [String] { events.filter { $0.type == "viva.room.active_speaker" }.compactMap(\.participantID) }

    func send(_ event: [UInt8]) {
      guard let message = try? ServerMessage.decode(event) else { return }
      received.withLock { $0.append(message) }
    }

    func send(packet: [UInt8]) {}
    func close(code: UInt16, reason: String) {}
  }
}
