import VivaConfiguration

/// Whom a request comes from: the TCP peer, or, when that is a proxy of the operator's, whom it forwarded.
///
/// Each proxy appends the address that it saw to `X-Forwarded-For`; what stands before the first one that is not a
/// trusted proxy may be anybody's invention. `Forwarded` (RFC 7239) is not read: a proxy that writes the one header
/// passes a client's own copy of the other on, and libwebsockets shows only the first of several.
struct ForwardedAddress: Sendable {
  let trustedProxies: [AddressRange]

  /// The nearest address to the server that is not a trusted proxy's.
  func client(of request: HTTPRequest) -> String {
    guard !trustedProxies.isEmpty, isTrusted(request.remoteAddress) else { return request.remoteAddress }
    var nearest = request.remoteAddress
    for hop in commaSeparated(request.header("x-forwarded-for")).reversed() {
      // Who writes what is no address is not believed any further.
      guard let address = Self.address(in: hop) else { break }
      nearest = address
      guard isTrusted(address) else { break }
    }
    return nearest
  }

  /// Whether nobody on the way can read what a connection carries: it has TLS, or it is of this machine.
  ///
  /// - Parameter hasTLS: at the listener that it came by.
  func isPrivate(_ request: HTTPRequest, hasTLS: Bool) -> Bool {
    if hasTLS { return true }
    guard request.remoteAddress.hasPrefix("127.") || request.remoteAddress == "::1" else { return false }
    // Of a proxy on this machine, the way before it counts.
    guard request.header("x-forwarded-for") != nil else { return true }
    return isTrusted(request.remoteAddress) && request.header("x-forwarded-proto")?.lowercased() == "https"
  }

  private func isTrusted(_ address: String) -> Bool {
    guard let address = NetworkAddress(address) else { return false }
    return trustedProxies.contains { $0.contains(address) }
  }

  /// Without the port that some proxies add: `192.0.2.1:1234`, `[2001:db8::1]:1234`.
  private static func address(in hop: String) -> String? {
    var text = Substring(hop)
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      text = text[text.index(after: text.startIndex)..<end]
    } else if let colon = text.firstIndex(of: ":"), text.lastIndex(of: ":") == colon {
      text = text[..<colon]
    }
    return NetworkAddress(String(text)) == nil ? nil : String(text)
  }
}
