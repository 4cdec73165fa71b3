import Foundation

/// Where a listener binds.
public struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
  /// An IP address without brackets, or `localhost`.
  public var host: String
  /// 0 lets the system choose.
  public var port: Int

  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Reads `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`; nil for anything else, other host names included:
  /// what they resolve to could not be judged.
  public init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"),
      let port = Port.parse(text[text.index(after: colon)...], from: 0)
    else { return nil }
    var host = String(text[..<colon])
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    if isBracketed { host = String(host.dropFirst().dropLast()) }
    guard isBracketed ? IPAddress.v6(host) != nil : host == "localhost" || IPAddress.v4(host) != nil else {
      return nil
    }
    self.init(host: host, port: port)
  }

  /// Whether only this machine can reach it.
  public var isLoopback: Bool {
    if host == "localhost" { return true }
    if let address = IPAddress.v4(host) { return address.first == 127 }
    return IPAddress.v6(host) == [UInt8](repeating: 0, count: 15) + [1]
  }

  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

enum Port {
  /// Digits only, `lowest`...65535.
  static func parse(_ text: some StringProtocol, from lowest: Int) -> Int? {
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let port = Int(text),
      (lowest...65535).contains(port)
    else { return nil }
    return port
  }
}

enum IPAddress {
  static func v4(_ text: String) -> [UInt8]? { bytes(of: text, family: AF_INET, count: 4) }
  static func v6(_ text: String) -> [UInt8]? { bytes(of: text, family: AF_INET6, count: 16) }

  private static func bytes(of text: String, family: Int32, count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    // inet_pton reads a C string: what stands behind a NUL would go unseen.
    guard !text.utf8.contains(0), inet_pton(family, text, &bytes) == 1 else { return nil }
    return bytes
  }
}
