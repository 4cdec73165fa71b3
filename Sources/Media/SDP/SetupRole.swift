/// Who begins the DTLS handshake (RFC 4145, section 4; RFC 8842, section 5.2).
public enum SetupRole: String, Sendable, CaseIterable {
  /// Is the DTLS client.
  case active
  /// Is the DTLS server.
  case passive
  /// Either; only in offers.
  case actpass
  /// No connection for now, which DTLS has no use for.
  case holdconn

  /// Nil when there is no such line.
  init?(_ section: [SDPLine], session: [SDPLine]) throws(SDPError) {
    guard let (line, value) = section.attribute("setup") ?? session.attribute("setup") else { return nil }
    guard let role = SetupRole(rawValue: value.lowercased()) else {
      throw SDPError(line, expected: "a=setup:actpass, a=setup:active or a=setup:passive")
    }
    self = role
  }
}
