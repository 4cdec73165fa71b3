import Foundation

/// Where a Wyoming server listens: `tcp://host:port` or `unix:///path`.
enum WyomingAddress: Sendable, Equatable {
  case tcp(host: String, port: Int)
  case unix(path: String)

  /// Nil for anything else.
  init?(_ url: String) {
    guard let parts = URLComponents(string: url) else { return nil }
    switch parts.scheme {
    case "tcp":
      guard let host = parts.host, !host.isEmpty, let port = parts.port, (1...65535).contains(port) else {
        return nil
      }
      self = .tcp(host: host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")), port: port)
    case "unix":
      guard !parts.path.isEmpty else { return nil }
      self = .unix(path: parts.path)
    default:
      return nil
    }
  }
}
