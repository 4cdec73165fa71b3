/// The value of XOR-MAPPED-ADDRESS (RFC 8489, section 14.2).
enum STUNAddress {
  private static let ipv4Family: UInt16 = 1
  private static let ipv6Family: UInt16 = 2
  private static let portMask = UInt16(truncatingIfNeeded: STUNMessage.magicCookie >> 16)

  static func byteCount(_ address: TransportAddress) -> Int { address.isIPv4 ? 8 : 20 }

  /// Nil when the family is unknown or the length is not the family's.
  static func read(_ value: Range<Int>, of message: RawSpan, _ id: TransactionID) -> TransportAddress? {
    guard value.count >= 8 else { return nil }
    // The byte before the family is to be ignored.
    let family = message.uint16(at: value.lowerBound) & 0xFF
    let port = message.uint16(at: value.lowerBound + 2) ^ portMask
    let start = value.lowerBound + 4
    switch (family, value.count) {
    case (ipv4Family, 8):
      return TransportAddress(ipv4: message.uint32(at: start) ^ STUNMessage.magicCookie, port: port)
    case (ipv6Family, 20):
      return TransportAddress(
        high: message.uint64(at: start) ^ highMask(id), low: message.uint64(at: start + 8) ^ id.low, port: port)
    default:
      return nil
    }
  }

  static func write(
    _ address: TransportAddress, _ id: TransactionID, into message: inout MutableRawSpan, at start: Int
  ) {
    message.store(address.isIPv4 ? ipv4Family : ipv6Family, at: start)
    message.store(address.port ^ portMask, at: start + 2)
    if let ipv4 = address.ipv4 {
      message.store(ipv4 ^ STUNMessage.magicCookie, at: start + 4)
    } else {
      message.store(address.high ^ highMask(id), at: start + 4)
      message.store(address.low ^ id.low, at: start + 12)
    }
  }

  private static func highMask(_ id: TransactionID) -> UInt64 {
    UInt64(STUNMessage.magicCookie) << 32 | UInt64(id.high)
  }
}
