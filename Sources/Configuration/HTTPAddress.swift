import Foundation

/// An address that Viva calls: of a webhook or a tool.
struct HTTPAddress {
  static let allowed = "https://HOST/PATH or http://HOST:PORT/PATH"

  let scheme: String
  private let host: String
  private let port: Int?

  /// Nil for anything but an absolute `http` or `https` URL without a user, a password and a fragment.
  init?(_ text: String) {
    guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), let parts = URLComponents(string: text),
      let scheme = parts.scheme, scheme == "http" || scheme == "https", let host = parts.host, !host.isEmpty,
      parts.user == nil, parts.password == nil, parts.fragment == nil,
      parts.port.map({ (1...65535).contains($0) }) ?? true
    else { return nil }
    self.scheme = scheme
    self.host = host
    port = parts.port
  }

  /// Whether what is sent there stays on this machine.
  var isLoopback: Bool {
    ListenAddress(host: host.trimmingCharacters(in: ["[", "]"]), port: 0).isLoopback
  }

  /// What of `text` may be logged: path and query may hold secrets.
  static func redacted(_ text: String) -> String {
    guard let address = HTTPAddress(text) else { return "redacted" }
    return "\(address.scheme)://\(address.host)\(address.port.map { ":\($0)" } ?? "")/…"
  }
}
