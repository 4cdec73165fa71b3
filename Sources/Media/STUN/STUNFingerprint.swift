/// The value of FINGERPRINT (RFC 8489, section 14.7): CRC-32 of what stands before it.
enum STUNFingerprint {
  private static let mask: UInt32 = 0x5354_554E

  /// By byte, for the reflected polynomial of ITU V.42.
  private static let table: InlineArray<256, UInt32> = {
    var table = InlineArray<256, UInt32>(repeating: 0)
    for byte in 0..<256 {
      var remainder = UInt32(byte)
      for _ in 0..<8 { remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1 }
      table[byte] = remainder
    }
    return table
  }()

  /// - Parameter message: Up to FINGERPRINT, its header's length as it will be with FINGERPRINT.
  static func value(of message: RawSpan) -> UInt32 {
    crc32(message) ^ mask
  }

  static func crc32(_ bytes: RawSpan) -> UInt32 {
    var remainder = UInt32.max
    for offset in bytes.byteOffsets {
      remainder = remainder >> 8 ^ table[Int((remainder ^ UInt32(bytes.uint8(at: offset))) & 0xFF)]
    }
    return ~remainder
  }
}
