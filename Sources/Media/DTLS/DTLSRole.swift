/// Which side speaks first: `a=setup` `active` makes the client, `passive` the server (RFC 8842, section 5).
public enum DTLSRole: Sendable {
  case client
  case server
}
