import Checkpoints
import Foundation
import Realtime
import Runtime
import Synchronization
import Telemetry
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

/// Sidebands that come and go while a store takes its time: a live session on a shard.
@Suite("Participants of a session", .timeLimit(.minutes(2)))
struct ParticipantTests {
  @Test("who joins at any moment sees the session first, then every event from there on, in order", arguments: 1...6)
  func joining(seed: Int) async throws {
    var dice = SplitMix(state: UInt64(seed))
    let store = SlowStore()
    let shard = Shard(index: 0)
    shard.start()
    defer { shard.stop() }
    let caller = Listener()
    let session = Self.session(shard, store, caller)
    session.open()

    var joined: [(id: ParticipantID, listener: Listener, hasLeft: Bool)] = []
    for step in 0..<120 {
      switch dice.below(6) {
      case 0 where joined.count(where: { !$0.hasLeft }) < 8:
        let listener = Listener()
        joined.append((try session.join(listener, role: .sideband), listener, false))
      case 1 where joined.contains { !$0.hasLeft }:
        let present = joined.indices.filter { !joined[$0].hasLeft }
        let index = present[dice.below(present.count)]
        joined[index].hasLeft = true
        session.leave(joined[index].id)
      case 2, 3: store.release(1 + dice.below(3))
      default:
        let sender = joined.last { !$0.hasLeft }?.id ?? .client
        session.receive(Self.message(step), from: dice.below(2) == 0 ? .client : sender) {}
      }
      if dice.below(4) == 0 { await Self.settle(session) }
    }
    await Self.settle(session)
    store.releaseAll()
    await Self.settle(session)
    session.disconnected()
    await Self.settle(session)
    store.releaseAll()
    await Self.settle(session)

    let all = caller.events
    #expect(all.first?.type == "session.created")
    #expect(Set(all.compactMap(\.eventID)).count == all.count, "ids are one of a kind")
    #expect(all.count { $0.type == "conversation.item.done" } > 20)
    let order = all.compactMap(\.eventID)
    for (_, listener, hasLeft) in joined {
      let seen = listener.events
      #expect(seen.first?.type == "session.created" || seen.isEmpty)
      let ids = seen.dropFirst().filter { $0.type != "error" }.compactMap(\.eventID)
      guard let first = ids.first, let start = order.firstIndex(of: first) else { continue }
      let stretch = Array(order[start...].prefix(ids.count))
      #expect(stretch == ids, "no event is missing or out of order")
      if !hasLeft { #expect(start + ids.count == order.count, "to the last event") }
    }
    for (_, listener, hasLeft) in joined where !hasLeft { #expect(listener.closeCode == 1000) }
  }

  @Test("who ends the session from elsewhere has its client told why, behind the last events")
  func endedFromElsewhere() async throws {
    let shard = Shard(index: 0)
    shard.start()
    defer { shard.stop() }
    let (caller, side) = (Listener(), Listener())
    let session = Self.session(shard, VolatileCheckpointStore(), caller)
    session.open()
    _ = try session.join(side, role: .listener)
    session.receive(Self.message(1), from: .client) {}
    session.end(code: 1001, reason: "the server is stopping")
    session.disconnected()
    await Self.settle(session)
    #expect(caller.closeCode == 1001 && side.closeCode == 1001)
    #expect(caller.events.last?.type == "conversation.item.done")
  }

  @Test("there are as many as the limit says, and one who leaves makes room")
  func limit() throws {
    var limits = LimitSettings()
    limits.sidebands = 2
    let shard = Shard(index: 0)
    shard.start()
    defer { shard.stop() }
    let session = Self.session(shard, VolatileCheckpointStore(), Listener(), limits)
    let first = try session.join(Listener(), role: .listener)
    _ = try session.join(Listener(), role: .human)
    #expect(session.refusal == .sidebandsFull(limit: 2))
    #expect(throws: Refusal.sidebandsFull(limit: 2)) { try session.join(Listener(), role: .listener) }
    session.leave(first)
    #expect(session.refusal == nil)
    _ = try session.join(Listener(), role: .listener)
  }

  @Test("whatever a sideband floods the session with, the caller is heard at once")
  func flood() async throws {
    var limits = LimitSettings()
    limits.messagesPerSecond = 5
    let shard = Shard(index: 0)
    shard.start()
    defer { shard.stop() }
    let caller = Listener()
    let session = Self.session(shard, VolatileCheckpointStore(), caller, limits)
    session.open()
    let side = try session.join(Listener(), role: .sideband)
    let clock = ContinuousClock()
    let began = clock.now
    for step in 0..<200 { session.receive(Self.message(step), from: side) {} }
    session.receive(Self.message(1000), from: .client) {}
    await Self.settle(session)
    // Ten of the flood, a burst of two seconds, what came due meanwhile, and the caller's.
    let due = Int((began.duration(to: clock.now) / .seconds(1) * 5).rounded(.up))
    #expect(caller.events.contains { $0.itemID == "item_1000" })
    #expect(caller.events.count { $0.type == "conversation.item.done" } <= 11 + due)
    session.disconnected()
    await Self.settle(session)
  }

  @Test("an offer of SRTP is answered to the caller alone, and only where the rest of the update is good")
  func srtp() async throws {
    let shard = Shard(index: 0)
    shard.start()
    defer { shard.stop() }
    let (caller, side) = (Listener(), Listener())
    let session = Self.session(shard, VolatileCheckpointStore(), caller)
    session.open()
    let program = try session.join(side, role: .sideband)
    session.receive(Self.offer("v=0 1"), from: .client) {}
    session.receive(Self.offer("v=0 2"), from: program) {}
    session.receive(Self.offer("v=0 3", #""model":"another","#), from: .client) {}
    await Self.settle(session)
    caller.answersSRTP = false
    session.receive(Self.offer("v=0 4"), from: .client) {}
    await Self.settle(session)
    #expect(caller.events.compactMap(\.sdp) == ["answer to v=0 1"])
    #expect(side.events.compactMap(\.sdp) == [])
    #expect(caller.events.compactMap(\.error?.code) == ["cannot_update_model", "unsupported_parameter"])
    #expect(side.events.compactMap(\.error?.code) == ["insufficient_scope"])
    #expect(side.events.count { $0.type == "session.updated" } == 1)
    session.disconnected()
    await Self.settle(session)
  }

  // MARK: Helpers

  private static func offer(_ sdp: String, _ fields: String = "") -> [UInt8] {
    Array(#"{"type":"session.update","session":{\#(fields)"viva":{"srtp":{"sdp":"\#(sdp)"}}}}"#.utf8)
  }

  private static func message(_ number: Int) -> [UInt8] {
    Array(
      #"{"type":"conversation.item.create","item":{"id":"item_\#(number)","type":"message","role":"user","content":[{"type":"input_text","text":"x"}]}}"#
        .utf8)
  }

  /// What was posted to the session's shard before is done.
  private static func settle(_ session: Session) async {
    _ = await session.state
    _ = await session.state
  }

  private static func session(
    _ shard: Shard, _ store: any CheckpointStore, _ channel: Listener, _ limits: LimitSettings = LimitSettings()
  ) -> Session {
    let agent = Agent.forTests
    let core = SessionCore(
      session: .starting(id: "sess_\(UUID().uuidString)", agent: agent, limits: limits), agent: agent, limits: limits,
      audio: AudioSettings())
    let settings = WorkerSettings()
    let workers = WorkerSet(settings: settings, observer: WorkerMetrics(MetricsRegistry()))
    return Session(
      core: core, owner: "owner", shard: shard, channel: channel,
      workers: SessionWorkers(
        recognizer: workers.recognizer(order: []), languageModel: workers.languageModel(order: []),
        synthesizer: workers.synthesizer(order: [])), store: store, observer: Nobody())
  }

  private final class Nobody: SessionObserver {
    func observed(_ observation: Observation, agent: String) {}
    func committed(_ events: [SessionEvent], state: SessionState, in session: Session) {}
    func ended(_ session: Session) {}
  }

  private final class Listener: ClientChannel {
    private let received = Mutex((events: [ServerMessage](), closeCode: UInt16?.none))
    private let takesOffers = Mutex(true)

    var answersSRTP: Bool {
      get { takesOffers.withLock { $0 } }
      set { takesOffers.withLock { $0 = newValue } }
    }

    func negotiateSRTP(_ offer: String, for session: Session) throws(RealtimeError) -> String {
      guard answersSRTP else {
        throw .invalidRequest(code: "unsupported_parameter", message: "No.", param: "session.viva.srtp")
      }
      return "answer to \(offer)"
    }

    var events: [ServerMessage] { received.withLock { $0.events } }
    var closeCode: UInt16? { received.withLock { $0.closeCode } }

    func send(_ event: [UInt8]) {
      guard let message = try? ServerMessage.decode(event) else { return }
      received.withLock { $0.events.append(message) }
    }

    func send(packet: [UInt8]) {}
    func close(code: UInt16, reason: String) { received.withLock { $0.closeCode = code } }
  }

  /// Commits when it is told to, from another thread than the session's.
  private final class SlowStore: CheckpointStore {
    private let waiting = Mutex([@Sendable (CommitResult) -> Void]())

    func commit(
      _ records: [CheckpointRecord], session: String, then: @escaping @Sendable (CommitResult) -> Void
    ) {
      waiting.withLock { $0.append(then) }
    }

    func ended(session: String) {}

    func release(_ count: Int) {
      let due = waiting.withLock { waiting in
        defer { waiting.removeFirst(min(count, waiting.count)) }
        return Array(waiting.prefix(count))
      }
      for then in due { then(.committed) }
    }

    func releaseAll() { release(.max) }
  }
}
