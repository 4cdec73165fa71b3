/// RFC 8489, section 18.3; RFC 8445, section 16.1.
public struct STUNAttributeType: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  public static let mappedAddress = STUNAttributeType(rawValue: 0x0001)
  public static let username = STUNAttributeType(rawValue: 0x0006)
  public static let messageIntegrity = STUNAttributeType(rawValue: 0x0008)
  public static let errorCode = STUNAttributeType(rawValue: 0x0009)
  public static let unknownAttributes = STUNAttributeType(rawValue: 0x000A)
  public static let realm = STUNAttributeType(rawValue: 0x0014)
  public static let nonce = STUNAttributeType(rawValue: 0x0015)
  public static let xorMappedAddress = STUNAttributeType(rawValue: 0x0020)
  public static let priority = STUNAttributeType(rawValue: 0x0024)
  public static let useCandidate = STUNAttributeType(rawValue: 0x0025)
  public static let fingerprint = STUNAttributeType(rawValue: 0x8028)
  public static let iceControlled = STUNAttributeType(rawValue: 0x8029)
  public static let iceControlling = STUNAttributeType(rawValue: 0x802A)

  /// Whether a receiver that does not know the attribute must not go on (RFC 8489, section 14).
  public var isComprehensionRequired: Bool { rawValue < 0x8000 }
}

/// One attribute of a message: its type, and where in the message its value lies.
public struct STUNAttribute: Sendable {
  public let type: STUNAttributeType
  /// Without the padding.
  public let value: Range<Int>
}

/// Goes through the attributes of a message, whose length has been checked to be a multiple of four.
public struct STUNAttributeIterator: Sendable {
  static let headerByteCount = 4

  private var offset = STUNMessage.headerByteCount

  public init() {}

  /// Nil at the end.
  ///
  /// - Throws: Where the attribute does not end within `message`.
  public mutating func next(in message: RawSpan) throws(STUNError) -> STUNAttribute? {
    guard offset < message.byteCount else { return nil }
    let start = offset + Self.headerByteCount
    guard start <= message.byteCount else { throw .malformed }
    let end = start + Int(message.uint16(at: offset + 2))
    guard end <= message.byteCount else { throw .malformed }
    let type = STUNAttributeType(rawValue: message.uint16(at: offset))
    offset = (end + 3) & ~3
    return STUNAttribute(type: type, value: start..<end)
  }
}

public enum STUNError: Error {
  case malformed
}
