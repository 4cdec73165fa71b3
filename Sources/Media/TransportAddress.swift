import Glibc

/// An IPv4 or IPv6 address with a UDP port.
///
/// IPv4 is kept as IPv4-mapped IPv6 (RFC 4291, section 2.5.5.2), which is what a dual-stack socket gives and takes, so
/// that an address is equal to itself in both notations. The zone of a link-local address is not kept: nobody is
/// reached at one.
public struct TransportAddress: Hashable, Sendable, BitwiseCopyable {
  /// The first eight bytes of the IPv6 address.
  public let high: UInt64
  /// The last eight.
  public let low: UInt64
  public let port: UInt16

  /// `::`, port 0.
  public static let unspecified = TransportAddress(high: 0, low: 0, port: 0)

  @inlinable
  public init(high: UInt64, low: UInt64, port: UInt16) {
    self.high = high
    self.low = low
    self.port = port
  }

  public init(ipv4: UInt32, port: UInt16) {
    self.init(high: 0, low: 0xFFFF << 32 | UInt64(ipv4), port: port)
  }

  /// - Parameter host: `192.0.2.1` or `2001:db8::1`, without brackets or zone. Nil for anything else.
  public init?(host: String, port: UInt16) {
    // inet_pton reads a C string: what stands behind a NUL would go unseen.
    guard host.utf8.count <= Int(INET6_ADDRSTRLEN), !host.utf8.contains(0) else { return nil }
    var ipv4 = in_addr()
    if inet_pton(AF_INET, host, &ipv4) == 1 {
      self.init(ipv4: UInt32(bigEndian: ipv4.s_addr), port: port)
      return
    }
    var address = sockaddr_in6()
    guard inet_pton(AF_INET6, host, &address.sin6_addr) == 1 else { return nil }
    address.sin6_port = port.bigEndian
    self.init(address)
  }

  /// - Parameter text: `192.0.2.1:3478` or `[2001:db8::1]:3478`. Nil for anything else.
  public init?(_ text: String) {
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
    let digits = text[text.utf8.index(after: colon)...]
    guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let port = UInt16(digits)
    else { return nil }
    let host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      self.init(host: String(host.dropFirst().dropLast()), port: port)
      guard host.utf8.contains(UInt8(ascii: ":")) else { return nil }
    } else {
      guard !host.utf8.contains(UInt8(ascii: ":")) else { return nil }
      self.init(host: String(host), port: port)
    }
  }

  /// As a dual-stack socket gives it.
  public init(_ socketAddress: sockaddr_in6) {
    self = withUnsafeBytes(of: socketAddress.sin6_addr) { bytes in
      TransportAddress(
        high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
        low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
        port: UInt16(bigEndian: socketAddress.sin6_port))
    }
  }

  /// As a dual-stack socket takes it.
  public var socketAddress: sockaddr_in6 {
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    withUnsafeMutableBytes(of: &address.sin6_addr) { bytes in
      bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
      bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
    return address
  }

  public var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }

  /// The IPv4 address; nil when it is IPv6.
  public var ipv4: UInt32? { isIPv4 ? UInt32(truncatingIfNeeded: low) : nil }

  public func withPort(_ port: UInt16) -> TransportAddress {
    TransportAddress(high: high, low: low, port: port)
  }

  /// The address without the port or brackets; IPv6 in the spelling of RFC 5952.
  public var host: String {
    if let ipv4 { return "\(ipv4 >> 24).\(ipv4 >> 16 & 255).\(ipv4 >> 8 & 255).\(ipv4 & 255)" }
    var address = socketAddress.sin6_addr
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
      guard let start = inet_ntop(AF_INET6, &address, text.baseAddress!, socklen_t(INET6_ADDRSTRLEN)) else {
        return "::"
      }
      return String(cString: start)
    }
  }
}

extension TransportAddress: CustomStringConvertible {
  /// What `init(_:)` reads.
  public var description: String { isIPv4 ? "\(host):\(port)" : "[\(host)]:\(port)" }
}

extension TransportAddress: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let address = TransportAddress(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no address with a port")
    }
    self = address
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
