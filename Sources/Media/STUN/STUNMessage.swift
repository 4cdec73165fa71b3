/// A STUN message, read (RFC 8489, and the attributes of RFC 8445). The value holds what fits, and for the rest where
/// it lies in the datagram, so reading allocates nothing.
///
/// Methods that take the datagram again have to be given the same bytes; others are safe, and wrong.
public struct STUNMessage: Sendable {
  public static let headerByteCount = 20
  public static let magicCookie: UInt32 = 0x2112_A442
  /// Of a whole MESSAGE-INTEGRITY attribute.
  static let integrityByteCount = 24

  public let type: STUNMessageType
  public let transactionID: TransactionID
  /// Where the value of USERNAME lies.
  public private(set) var username: Range<Int>?
  public private(set) var priority: UInt32?
  public private(set) var usesCandidate = false
  /// The tie-breaker.
  public private(set) var iceControlling: UInt64?
  /// The tie-breaker.
  public private(set) var iceControlled: UInt64?
  public private(set) var xorMappedAddress: TransportAddress?
  /// 300...699.
  public private(set) var errorCode: Int?
  /// Where the types of UNKNOWN-ATTRIBUTES lie, two bytes each.
  public private(set) var unknownAttributes: Range<Int>?
  /// What this receiver should know and does not.
  public private(set) var notUnderstood = STUNUnknownAttributes()
  public private(set) var hasFingerprint = false
  /// Where MESSAGE-INTEGRITY begins.
  private var integrity: Int?

  /// Nil when `datagram` is no STUN message: another protocol's, cut off, with a known attribute of a wrong length, or
  /// with a wrong FINGERPRINT. A message without FINGERPRINT is taken; it is for telling protocols apart, and guards
  /// nothing. Of attributes that come twice the first counts, and what follows MESSAGE-INTEGRITY, but for
  /// FINGERPRINT, does not count at all (section 14.5).
  public init?(_ datagram: RawSpan) {
    guard datagram.byteCount >= Self.headerByteCount, datagram.byteCount % 4 == 0,
      datagram.uint8(at: 0) & 0xC0 == 0,
      Int(datagram.uint16(at: 2)) == datagram.byteCount - Self.headerByteCount,
      datagram.uint32(at: 4) == Self.magicCookie
    else { return nil }
    type = STUNMessageType(rawValue: datagram.uint16(at: 0))
    transactionID = TransactionID(high: datagram.uint32(at: 8), low: datagram.uint64(at: 12))

    var attributes = STUNAttributeIterator()
    do {
      while let attribute = try attributes.next(in: datagram) { try take(attribute, of: datagram) }
    } catch {
      return nil
    }
  }

  /// Whether the message carries MESSAGE-INTEGRITY made with `key`.
  public func isAuthentic(_ key: MessageIntegrityKey, in datagram: RawSpan) -> Bool {
    guard let integrity, integrity + Self.integrityByteCount <= datagram.byteCount else { return false }
    return key.matches(datagram, upTo: integrity, valueAt: integrity + STUNAttributeIterator.headerByteCount)
  }

  private mutating func take(_ attribute: STUNAttribute, of datagram: RawSpan) throws(STUNError) {
    let value = attribute.value
    if attribute.type == .fingerprint {
      let start = value.lowerBound - STUNAttributeIterator.headerByteCount
      guard value.count == 4, value.upperBound == datagram.byteCount,
        datagram.uint32(at: value.lowerBound) == STUNFingerprint.value(of: datagram.extracting(0..<start))
      else { throw .malformed }
      hasFingerprint = true
      return
    }
    guard integrity == nil else { return }

    switch attribute.type {
    case .messageIntegrity:
      guard value.count == 20 else { throw .malformed }
      integrity = value.lowerBound - STUNAttributeIterator.headerByteCount
    case .username:
      guard value.count <= 513 else { throw .malformed }
      username = username ?? value
    case .priority:
      guard value.count == 4 else { throw .malformed }
      priority = priority ?? datagram.uint32(at: value.lowerBound)
    case .useCandidate:
      guard value.isEmpty else { throw .malformed }
      usesCandidate = true
    case .iceControlling:
      guard value.count == 8 else { throw .malformed }
      iceControlling = iceControlling ?? datagram.uint64(at: value.lowerBound)
    case .iceControlled:
      guard value.count == 8 else { throw .malformed }
      iceControlled = iceControlled ?? datagram.uint64(at: value.lowerBound)
    case .xorMappedAddress:
      guard let address = STUNAddress.read(value, of: datagram, transactionID) else { throw .malformed }
      xorMappedAddress = xorMappedAddress ?? address
    case .errorCode:
      let code = try Self.errorCode(value, of: datagram)
      errorCode = errorCode ?? code
    case .unknownAttributes:
      guard value.count % 2 == 0 else { throw .malformed }
      unknownAttributes = unknownAttributes ?? value
    case .mappedAddress, .realm, .nonce:
      break  // known, and without meaning for ICE
    default:
      if attribute.type.isComprehensionRequired { notUnderstood.append(attribute.type) }
    }
  }

  /// Section 14.8.
  private static func errorCode(_ value: Range<Int>, of datagram: RawSpan) throws(STUNError) -> Int {
    guard value.count >= 4 else { throw .malformed }
    let hundreds = Int(datagram.uint8(at: value.lowerBound + 2) & 7)
    let number = Int(datagram.uint8(at: value.lowerBound + 3))
    guard (3...6).contains(hundreds), number < 100 else { throw .malformed }
    return hundreds * 100 + number
  }
}
