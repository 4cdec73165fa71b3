/// An IP address, in one form: an IPv4 address stays one when it comes in the clothes of an IPv6 address.
public struct NetworkAddress: Sendable, Hashable {
  /// 4 or 16.
  let bytes: [UInt8]

  /// - Returns: nil for what is no address, names included.
  public init?(_ text: String) {
    guard let bytes = IPAddress.v4(text) ?? IPAddress.v6(text) else { return nil }
    let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
    self.bytes = bytes.starts(with: mapped) ? Array(bytes.dropFirst(12)) : bytes
  }
}

/// An IP address or a network (CIDR, RFC 4632 and RFC 4291): `127.0.0.1`, `10.0.0.0/8`, `2001:db8::/32`.
public struct AddressRange: Sendable, Equatable {
  private let network: NetworkAddress
  /// Bits that an address must share with `network`.
  private let bits: Int

  /// - Returns: nil for what is no such text. Bits behind the prefix do not count.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let network = NetworkAddress(String(first)) else { return nil }
    let all = network.bytes.count * 8
    self.network = network
    guard parts.count == 2 else {
      bits = all
      return
    }
    guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let bits = Int(parts[1]), bits <= all
    else { return nil }
    self.bits = bits
  }

  /// Holds every address of its family.
  public var isEverything: Bool { bits == 0 }

  public func contains(_ address: NetworkAddress) -> Bool {
    guard address.bytes.count == network.bytes.count else { return false }
    let whole = bits / 8
    guard address.bytes.prefix(whole) == network.bytes.prefix(whole) else { return false }
    let rest = bits % 8
    return rest == 0 || (address.bytes[whole] ^ network.bytes[whole]) >> (8 - rest) == 0
  }
}
