import Realtime
import Sessions

/// Who is in a session beside its caller and the agent, and what they may do. Sans-IO: takes what happens, and returns
/// what is to be done.
public struct Room: Sendable {
  struct Member: Sendable {
    var shown: RoomParticipant
    /// nil for the agent.
    var participant: ParticipantID?
    /// In the shard's slab; nil for the agent.
    var place: Int32?
    /// What their key allows.
    var highest: RoomRole
    /// Before they took the agent's place.
    var usual: RoomRole
    /// A host has muted them, so only a host lets them be heard again.
    var isMutedByHost = false
  }

  /// By seat number; nil is a free seat.
  private(set) var members: [Member?]
  private let maximumGuests: Int

  /// - Parameters:
  ///   - callerPlace: where the caller's peer is in the shard's slab.
  ///   - maximumGuests: who may join beside the caller and the agent.
  public init(callerPlace: Int32, maximumGuests: Int) {
    self.maximumGuests = maximumGuests
    members = [
      Member(
        shown: RoomParticipant(id: "caller", kind: .caller, role: .speak), participant: .client, place: callerPlace,
        highest: .speak, usual: .speak),
      Member(
        shown: RoomParticipant(id: "agent", kind: .agent, role: .speak), highest: .speak, usual: .speak),
    ]
  }

  /// For `VoiceSwitch`.
  public var seats: [RoomSeat] {
    members.enumerated().compactMap { number, member in
      guard let member else { return nil }
      let isHeard = !member.shown.isMuted && member.shown.role >= .speak
      return RoomSeat(number: number, place: member.place, isHeard: isHeard)
    }
  }

  /// Where somebody sits.
  public func seat(of participant: ParticipantID) -> Int? {
    members.firstIndex { $0?.participant == participant }
  }

  /// Who sits there.
  public func participant(at seat: Int) -> RoomParticipant? {
    members.indices.contains(seat) ? members[seat]?.shown : nil
  }

  /// How many have joined.
  public var guests: Int { members.count { $0?.shown.kind == .guest } }

  private var floorHolder: Int? { members.firstIndex { $0?.shown.role == .takeover } }

  // MARK: Coming and going

  /// Somebody joins with media of their own.
  ///
  /// - Parameters:
  ///   - role: what they want to do; nil for the usual of their key. Nobody takes the agent's place by joining.
  ///   - highest: what their key allows.
  /// - Throws: `already_in_room`, `room_full`, `insufficient_scope`, or `invalid_value`.
  public mutating func join(
    _ participant: ParticipantID, at place: Int32, role: RoomRole?, highest: RoomRole
  ) throws(RealtimeError) -> [RoomAction] {
    guard seat(of: participant) == nil else { throw .alreadyInRoom }
    guard guests < maximumGuests else { throw .roomFull(limit: maximumGuests) }
    let role = role ?? min(highest, .speak)
    guard role != .takeover else { throw .cannotJoinAsTakeover }
    guard role <= highest else { throw .insufficientRole(role, allowed: highest) }
    let shown = RoomParticipant(id: "guest_\(participant.value)", kind: .guest, role: role)
    let member = Member(
      shown: shown, participant: participant, place: place, highest: highest, usual: role)
    let others = members.compactMap(\.self)
    if let free = members.firstIndex(where: { $0 == nil }) {
      members[free] = member
    } else {
      members.append(member)
    }
    return others.map { .tell(.vivaRoomParticipantJoined($0.shown), to: participant) } + [
      .announce(.vivaRoomParticipantJoined(shown)), .seat(seats),
    ]
  }

  /// Somebody is gone. The agent's place goes back to it, if they had it.
  public mutating func leave(_ participant: ParticipantID) -> [RoomAction] {
    guard let seat = seat(of: participant), let member = members[seat], member.shown.kind == .guest else { return [] }
    members[seat] = nil
    while let last = members.last, last == nil { members.removeLast() }
    var actions: [RoomAction] = []
    if member.shown.role == .takeover { actions += [.transcribe(nil), .returnFloor] }
    return actions + [.announce(.vivaRoomParticipantLeft(participantID: member.shown.id)), .seat(seats)]
  }

  // MARK: What they ask for

  /// Somebody's `viva.room.*` event.
  ///
  /// - Parameter isHost: they may send any event, though they may not be in the room themselves.
  /// - Throws: the error that is their answer.
  public mutating func perform(
    _ event: ClientEvent.Body, from sender: ParticipantID, isHost: Bool
  ) throws(RealtimeError) -> [RoomAction] {
    switch event {
    case .roomTakeover: try takeOver(sender)
    case .roomHandback: try handBack(sender, isHost)
    case .roomMute(let id, let isMuted): try mute(id, isMuted, by: sender, isHost)
    default: []
    }
  }

  private mutating func takeOver(_ sender: ParticipantID) throws(RealtimeError) -> [RoomAction] {
    guard let seat = seat(of: sender), let member = members[seat] else { throw .notInRoom }
    guard member.highest >= .takeover else { throw .insufficientRole(.takeover, allowed: member.highest) }
    guard let place = member.place, !member.shown.isMuted else { throw .isMuted }
    if let holder = floorHolder, let holderID = members[holder]?.shown.id {
      guard holder == seat else { throw .floorTaken(by: holderID) }
      return []
    }
    let previous = member.shown.role
    members[seat]?.usual = previous
    members[seat]?.shown.role = .takeover
    return [
      .takeFloor(participantID: member.shown.id), .transcribe(place),
      .announce(.vivaRoomRoleChanged(participantID: member.shown.id, role: .takeover, previousRole: previous)),
      .seat(seats),
    ]
  }

  private mutating func handBack(_ sender: ParticipantID, _ isHost: Bool) throws(RealtimeError) -> [RoomAction] {
    guard let holder = floorHolder, let member = members[holder] else { throw .floorNotTaken }
    // A host may end what somebody else has forgotten to end.
    guard member.participant == sender || isHost || isHostMember(sender) else {
      throw .insufficientRole(.takeover, allowed: .speak)
    }
    members[holder]?.shown.role = member.usual
    return [
      .transcribe(nil), .returnFloor,
      .announce(
        .vivaRoomRoleChanged(participantID: member.shown.id, role: member.usual, previousRole: .takeover)),
      .seat(seats),
    ]
  }

  private mutating func mute(
    _ id: String?, _ isMuted: Bool, by sender: ParticipantID, _ isHost: Bool
  ) throws(RealtimeError) -> [RoomAction] {
    let own = seat(of: sender)
    let seat = id == nil ? own : members.firstIndex { $0?.shown.id == id }
    guard let seat, let member = members[seat] else {
      throw id.map { .unknownParticipant($0) } ?? .notInRoom
    }
    guard member.shown.kind != .agent else { throw .agentCannotBeMuted }
    let isByHost = isHost || isHostMember(sender)
    guard seat == own || isByHost else { throw .insufficientRole(.takeover, allowed: .speak) }
    guard isMuted || !member.isMutedByHost || isByHost else { throw .mutedByHost }
    guard member.shown.role >= .speak else { throw .insufficientRole(.speak, allowed: .listen) }
    guard member.shown.isMuted != isMuted else { return [] }
    members[seat]?.shown.isMuted = isMuted
    members[seat]?.isMutedByHost = isMuted && seat != own
    let by = own.flatMap { members[$0]?.shown.id } ?? "host"
    var actions: [RoomAction] = [
      .announce(.vivaRoomMuted(participantID: member.shown.id, isMuted: isMuted, by: by)), .seat(seats),
    ]
    if member.shown.kind == .caller { actions.append(.muteCaller(isMuted)) }
    return actions
  }

  /// Whoever may take the agent's place looks after the others, too.
  private func isHostMember(_ sender: ParticipantID) -> Bool {
    seat(of: sender).flatMap { members[$0]?.highest } == .takeover
  }
}

/// What a room wants done, in this order.
public enum RoomAction: Sendable, Equatable {
  case announce(ServerEvent)
  case tell(ServerEvent, to: ParticipantID)
  /// The session's agent is silent from now on.
  case takeFloor(participantID: String)
  case returnFloor
  /// What comes from this place in the slab is the agent's voice, in the session's ears; nil for nobody.
  case transcribe(Int32?)
  /// The session hears silence from its caller.
  case muteCaller(Bool)
  /// Who sits where now.
  case seat([RoomSeat])
}
