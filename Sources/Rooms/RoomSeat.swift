/// One place in a room, as the forwarding of media sees it.
public struct RoomSeat: Sendable, Equatable {
  /// The caller's, always.
  public static let caller = 0
  /// The agent's, always: its voice comes from the caller's playout.
  public static let agent = 1

  /// What packets of it are known by, for as long as whoever sits there is in the room.
  public var number: Int
  /// Where its peer is in the shard's slab; nil for the agent, which hears with the session's ears.
  public var place: Int32?
  /// Not muted, and in a role that is heard.
  public var isHeard: Bool

  public init(number: Int, place: Int32?, isHeard: Bool) {
    self.number = number
    self.place = place
    self.isHeard = isHeard
  }
}
