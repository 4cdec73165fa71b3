import CLinux

/// An IPv4 or IPv6 address with a UDP port, as numbers in host byte order. IPv4 is IPv4-mapped IPv6 (RFC 4291, section
/// 2.5.5.2).
public struct UDPAddress: Hashable, Sendable, BitwiseCopyable {
  /// The first eight bytes of the IPv6 address.
  public var high: UInt64
  /// The last eight.
  public var low: UInt64
  public var port: UInt16

  @inlinable
  public init(high: UInt64, low: UInt64, port: UInt16) {
    self.high = high
    self.low = low
    self.port = port
  }

  @inlinable
  public var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }

  /// `0.0.0.0` or `::`, of which a datagram has no answer.
  public var isUnspecified: Bool { high == 0 && (low == 0 || low == 0xFFFF_0000_0000) }
}
