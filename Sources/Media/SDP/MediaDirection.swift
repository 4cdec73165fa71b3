/// Who sends in a section, seen by whoever wrote it (RFC 8866, section 6.7).
public enum MediaDirection: String, Sendable, CaseIterable {
  case sendrecv, sendonly, recvonly, inactive

  public init(sends: Bool, receives: Bool) {
    self = sends ? (receives ? .sendrecv : .sendonly) : (receives ? .recvonly : .inactive)
  }

  public var sends: Bool { self == .sendrecv || self == .sendonly }
  public var receives: Bool { self == .sendrecv || self == .recvonly }

  /// The same, seen by the other side.
  public var reversed: MediaDirection { MediaDirection(sends: receives, receives: sends) }

  /// The section's own, or else the session's; `sendrecv` when neither says.
  init(_ section: [SDPLine], session: [SDPLine]) {
    self = Self.first(section) ?? Self.first(session) ?? .sendrecv
  }

  private static func first(_ lines: [SDPLine]) -> MediaDirection? {
    for line in lines where line.type == UInt8(ascii: "a") {
      if let direction = MediaDirection(rawValue: String(line.value)) { return direction }
    }
    return nil
  }
}
