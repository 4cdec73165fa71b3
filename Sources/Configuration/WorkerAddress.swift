import Foundation

/// What the `url` of a worker must look like.
enum WorkerAddress {
  static func allowed(for wireProtocol: ProviderSettings.WireProtocol) -> String {
    switch wireProtocol {
    case .wyoming, .espeak: "tcp://HOST:PORT"
    case .openai: "http://HOST:PORT/v1 or https://HOST/v1"
    case .http: "http://HOST:PORT or https://HOST"
    }
  }

  static func isValid(_ text: String, for wireProtocol: ProviderSettings.WireProtocol) -> Bool {
    guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
      // A password belongs into `api_key`, which is never logged.
      parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil,
      parts.port.map({ (1...65535).contains($0) }) ?? true
    else { return false }
    switch wireProtocol {
    case .wyoming: return parts.scheme == "tcp" && parts.port != nil && parts.path.isEmpty
    case .openai: return parts.scheme == "http" || parts.scheme == "https"
    case .http: return (parts.scheme == "http" || parts.scheme == "https") && parts.path.isEmpty
    case .espeak: return false
    }
  }

  /// Whether `text` is a value that a browser's `Origin` header can have.
  static func isOrigin(_ text: String) -> Bool {
    guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty else { return false }
    return (parts.scheme == "http" || parts.scheme == "https") && parts.path.isEmpty && parts.user == nil
      && parts.query == nil && parts.fragment == nil && text == text.lowercased()
  }
}
