import Realtime
import Sessions

/// The media of a room's participants, on the shard of its session. Implemented by the gateway; every call comes on the
/// shard's thread. `Sendable` because a room holds it: its state is the shard's.
public protocol RoomMedia: AnyObject, Sendable {
  /// Who sits where: for the room's `VoiceSwitch`.
  func seat(_ seats: [RoomSeat])

  /// The voice from this place in the slab goes to `Session.floorVoice`, decoded; nil for nobody's.
  func transcribe(_ place: Int32?)

  /// The caller's voice is silence to the session, and is not forwarded.
  func muteCaller(_ isMuted: Bool)
}

/// A session that is a room: the thin shell around `Room`.
///
/// `@unchecked Sendable`: all of it is used on the thread of the session's shard only. The session calls nowhere else
/// (`RoomHandler`), and whoever else calls is stopped by the session's own check of the thread.
public final class LiveRoom: RoomHandler, @unchecked Sendable {
  private unowned let session: Session
  private let media: any RoomMedia
  private var room: Room

  /// - Parameter callerPlace: where the caller's peer is in the shard's slab.
  public init(_ session: Session, callerPlace: Int32, maximumGuests: Int, media: any RoomMedia) {
    self.session = session
    self.media = media
    room = Room(callerPlace: callerPlace, maximumGuests: maximumGuests)
    session.attach(self)
    media.seat(room.seats)
  }

  /// Somebody who has joined the session brings media of their own.
  ///
  /// - Parameters:
  ///   - participant: what `Session.join` has named them.
  ///   - role: what they want to do; nil for the usual of their key.
  /// - Returns: their seat.
  public func join(
    _ participant: ParticipantID, at place: Int32, role: RoomRole?, key: SidebandRole
  ) throws(RealtimeError) -> Int {
    perform(try room.join(participant, at: place, role: role, highest: key.highestRole))
    return room.seat(of: participant) ?? 0
  }

  /// `VoiceSwitch` says that somebody else is the active speaker.
  public func activeSpeakerChanged(to seat: Int) {
    guard let participant = room.participant(at: seat) else { return }
    session.announce(.vivaRoomActiveSpeaker(participantID: participant.id))
  }

  /// How many have joined.
  public var guests: Int { room.guests }

  // MARK: RoomHandler

  public func left(_ participant: ParticipantID) { perform(room.leave(participant)) }

  public func perform(
    _ event: ClientEvent.Body, from sender: ParticipantID, role: SidebandRole?
  ) throws(RealtimeError) {
    perform(try room.perform(event, from: sender, isHost: role == .sideband))
  }

  private func perform(_ actions: [RoomAction]) {
    for action in actions {
      switch action {
      case .announce(let event): session.announce(event)
      case .tell(let event, let participant): session.tell(event, to: participant)
      case .takeFloor(let id): session.floorTaken(by: id)
      case .returnFloor: session.floorReturned()
      case .transcribe(let place): media.transcribe(place)
      case .muteCaller(let isMuted): media.muteCaller(isMuted)
      case .seat(let seats): media.seat(seats)
      }
    }
  }
}

extension SidebandRole {
  /// What a key of this scope may do in a room.
  public var highestRole: RoomRole {
    switch self {
    case .listener: .listen
    case .human, .sideband: .takeover
    }
  }
}
