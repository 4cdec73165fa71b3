import Realtime
import Testing

@testable import Rooms
@testable import Sessions

@Suite("A room")
struct RoomTests {
  private static let guest = ParticipantID(value: 1)
  private static let human = ParticipantID(value: 2)
  private static let other = ParticipantID(value: 3)

  private func room(maximumGuests: Int = 10) -> Room { Room(callerPlace: 7, maximumGuests: maximumGuests) }

  /// The caller, the agent, a listener at seat 2 and a human at seat 3.
  private func full() throws -> Room {
    var room = room()
    _ = try room.join(Self.guest, at: 8, role: nil, highest: .listen)
    _ = try room.join(Self.human, at: 9, role: nil, highest: .takeover)
    return room
  }

  private func announced(_ actions: [RoomAction]) -> [ServerEvent] {
    actions.compactMap { if case .announce(let event) = $0 { event } else { nil } }
  }

  private func code(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return (error as? RealtimeError)?.code
    }
  }

  // MARK: Coming and going

  @Test("who joins is told of everybody, and everybody of them")
  func joining() throws {
    var room = room()
    let actions = try room.join(Self.guest, at: 8, role: nil, highest: .listen)
    let told = actions.compactMap { action -> String? in
      guard case .tell(.vivaRoomParticipantJoined(let shown), let receiver) = action, receiver == Self.guest else {
        return nil
      }
      return shown.id
    }
    #expect(told == ["caller", "agent"])
    #expect(
      announced(actions) == [
        .vivaRoomParticipantJoined(RoomParticipant(id: "guest_1", kind: .guest, role: .listen))
      ])
    #expect(room.seats.map(\.place) == [7, nil, 8])
    #expect(room.seats.map(\.isHeard) == [true, true, false])
    #expect(room.participant(at: 2)?.id == "guest_1")
  }

  @Test("the key says what a guest may, the guest what they want of it")
  func roles() throws {
    var room = room()
    #expect(code { _ = try room.join(Self.guest, at: 8, role: .speak, highest: .listen) } == "insufficient_scope")
    #expect(code { _ = try room.join(Self.guest, at: 8, role: .takeover, highest: .takeover) } == "invalid_value")
    _ = try room.join(Self.guest, at: 8, role: .listen, highest: .takeover)
    #expect(room.participant(at: 2)?.role == .listen)
    _ = try room.join(Self.human, at: 9, role: nil, highest: .takeover)
    #expect(room.participant(at: 3)?.role == .speak)
  }

  @Test("there are no more guests than the limit, and one who leaves makes room")
  func limit() throws {
    var room = room(maximumGuests: 2)
    _ = try room.join(Self.guest, at: 8, role: nil, highest: .listen)
    _ = try room.join(Self.human, at: 9, role: nil, highest: .takeover)
    #expect(code { _ = try room.join(Self.other, at: 10, role: nil, highest: .listen) } == "room_full")
    let left = room.leave(Self.guest)
    #expect(announced(left) == [.vivaRoomParticipantLeft(participantID: "guest_1")])
    _ = try room.join(Self.other, at: 10, role: nil, highest: .listen)
    // The free seat was taken; the human's is still the same.
    #expect(room.seat(of: Self.other) == 2)
    #expect(room.seat(of: Self.human) == 3)
    #expect(room.leave(Self.guest) == [])
    #expect(room.leave(.client) == [])
  }

  // MARK: The agent's place

  @Test("a human takes the agent's place, hands it back, and everybody is told")
  func takeover() throws {
    var room = try full()
    let taken = try room.perform(.roomTakeover, from: Self.human, isHost: false)
    #expect(Array(taken.prefix(2)) == [.takeFloor(participantID: "guest_2"), .transcribe(9)])
    #expect(
      announced(taken) == [.vivaRoomRoleChanged(participantID: "guest_2", role: .takeover, previousRole: .speak)])
    #expect(try room.perform(.roomTakeover, from: Self.human, isHost: false) == [])
    let back = try room.perform(.roomHandback, from: Self.human, isHost: false)
    #expect(Array(back.prefix(2)) == [.transcribe(nil), .returnFloor])
    #expect(
      announced(back) == [.vivaRoomRoleChanged(participantID: "guest_2", role: .speak, previousRole: .takeover)])
    #expect(code { _ = try room.perform(.roomHandback, from: Self.human, isHost: false) } == "floor_not_taken")
  }

  @Test("only one may have the agent's place, and only who may take it ends that")
  func oneAtATime() throws {
    var room = try full()
    #expect(code { _ = try room.perform(.roomTakeover, from: Self.guest, isHost: false) } == "insufficient_scope")
    #expect(code { _ = try room.perform(.roomTakeover, from: .client, isHost: false) } == "insufficient_scope")
    #expect(code { _ = try room.perform(.roomTakeover, from: Self.other, isHost: true) } == "not_in_room")
    _ = try room.join(Self.other, at: 10, role: .listen, highest: .takeover)
    _ = try room.perform(.roomTakeover, from: Self.human, isHost: false)
    #expect(code { _ = try room.perform(.roomTakeover, from: Self.other, isHost: false) } == "floor_taken")
    #expect(code { _ = try room.perform(.roomHandback, from: .client, isHost: false) } == "insufficient_scope")
    #expect(code { _ = try room.perform(.roomHandback, from: Self.guest, isHost: false) } == "insufficient_scope")
    _ = try room.perform(.roomHandback, from: Self.other, isHost: false)
    // Who only listened is heard while they speak in the agent's place, and no longer.
    _ = try room.perform(.roomTakeover, from: Self.other, isHost: false)
    #expect(room.seats[4].isHeard)
    _ = try room.perform(.roomHandback, from: Self.other, isHost: false)
    #expect(!room.seats[4].isHeard)
  }

  @Test("a human who leaves has handed the agent's place back")
  func leavesWithFloor() throws {
    var room = try full()
    _ = try room.perform(.roomTakeover, from: Self.human, isHost: false)
    let actions = room.leave(Self.human)
    #expect(Array(actions.prefix(2)) == [.transcribe(nil), .returnFloor])
  }

  // MARK: Mute

  @Test("everybody who is heard may mute themselves, and let themselves be heard again")
  func muteSelf() throws {
    var room = try full()
    let muted = try room.perform(.roomMute(participantID: nil, isMuted: true), from: .client, isHost: false)
    #expect(announced(muted) == [.vivaRoomMuted(participantID: "caller", isMuted: true, by: "caller")])
    #expect(muted.last == .muteCaller(true))
    #expect(!room.seats[0].isHeard)
    let back = try room.perform(.roomMute(participantID: "caller", isMuted: false), from: .client, isHost: false)
    #expect(back.last == .muteCaller(false))
    #expect(room.seats[0].isHeard)
    #expect(
      code { _ = try room.perform(.roomMute(participantID: nil, isMuted: false), from: Self.guest, isHost: false) }
        == "insufficient_scope")
  }

  @Test("a host mutes others, and they stay so until a host says otherwise")
  func muteByHost() throws {
    var room = try full()
    let mute = ClientEvent.Body.roomMute(participantID: "caller", isMuted: true)
    let unmute = ClientEvent.Body.roomMute(participantID: "caller", isMuted: false)
    #expect(code { _ = try room.perform(mute, from: Self.guest, isHost: false) } == "insufficient_scope")
    _ = try room.perform(mute, from: Self.human, isHost: false)
    #expect(code { _ = try room.perform(unmute, from: .client, isHost: false) } == "muted")
    // A program at the session's side has no seat, and is a host.
    let actions = try room.perform(unmute, from: Self.other, isHost: true)
    #expect(announced(actions) == [.vivaRoomMuted(participantID: "caller", isMuted: false, by: "host")])
    #expect(
      code { _ = try room.perform(.roomMute(participantID: "agent", isMuted: true), from: Self.human, isHost: false) }
        == "invalid_value")
    #expect(
      code { _ = try room.perform(.roomMute(participantID: "guest_9", isMuted: true), from: Self.human, isHost: false) }
        == "unknown_participant")
    _ = try room.perform(.roomMute(participantID: nil, isMuted: true), from: Self.human, isHost: false)
    #expect(code { _ = try room.perform(.roomTakeover, from: Self.human, isHost: false) } == "muted")
  }
}
