/// What somebody may do in a room, lowest first.
public enum RoomRole: String, Codable, Sendable, CaseIterable, Comparable {
  /// Hears the others.
  case listen
  /// Is heard by the others, the agent excepted.
  case speak
  /// Speaks in the agent's place, which is silent meanwhile.
  case takeover

  private var rank: Int {
    switch self {
    case .listen: 0
    case .speak: 1
    case .takeover: 2
    }
  }

  public static func < (a: RoomRole, b: RoomRole) -> Bool { a.rank < b.rank }
}

/// One of a room, as `viva.room.participant_joined` shows them.
public struct RoomParticipant: Codable, Sendable, Equatable {
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// Who opened the session.
    case caller
    case agent
    /// Who joined it with a key of its own.
    case guest
  }

  /// `caller`, `agent`, or `guest_` and a number.
  public var id: String
  public var kind: Kind
  /// What they do now; a guest's key tells what they may.
  public var role: RoomRole
  public var isMuted: Bool

  public init(id: String, kind: Kind, role: RoomRole, isMuted: Bool = false) {
    self.id = id
    self.kind = kind
    self.role = role
    self.isMuted = isMuted
  }

  private enum CodingKeys: String, CodingKey {
    case id, kind, role
    case isMuted = "muted"
  }
}
