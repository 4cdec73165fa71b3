/// How a client misbehaves.
enum HostileKind: String, CaseIterable, Encodable {
  // Slow readers: the agent talks to them.
  case stopsReading = "stops reading"
  case readsSlowly = "reads 1 KB/s"
  case asksAndDoesNotRead = "asks for more, reads nothing"
  // Half-open: a session, and then no sign of life.
  case vanishes = "vanishes"
  case stopsInFrame = "stops inside a frame"
  // Stalled upgrades: no session yet.
  case connectsOnly = "connects only"
  case stopsInRequest = "stops inside the request"
  case dripsRequest = "sends a byte of the request a second"
  case dripsBody = "sends a byte of a body a second"

  static let slow: [HostileKind] = [.stopsReading, .readsSlowly, .asksAndDoesNotRead]
  static let halfOpen: [HostileKind] = [.vanishes, .stopsInFrame]
  static let stalledUpgrades: [HostileKind] = [.connectsOnly, .stopsInRequest, .dripsRequest, .dripsBody]

  var opensSession: Bool { !Self.stalledUpgrades.contains(self) }
}
