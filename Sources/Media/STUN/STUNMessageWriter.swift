/// Writes a STUN message into a caller's buffer, attribute by attribute in the order of the calls: MESSAGE-INTEGRITY
/// next to last, FINGERPRINT last (RFC 8489, sections 14.5 and 14.7). Every call has to be given the same buffer.
public struct STUNMessageWriter {
  private let transactionID: TransactionID
  /// Where the next attribute goes; nil once something did not fit.
  private var end: Int?

  public init(_ type: STUNMessageType, _ transactionID: TransactionID, into buffer: inout MutableRawSpan) {
    self.transactionID = transactionID
    guard buffer.byteCount >= STUNMessage.headerByteCount else { return }
    buffer.store(type.rawValue, at: 0)
    buffer.store(UInt16(0), at: 2)
    buffer.store(STUNMessage.magicCookie, at: 4)
    buffer.store(transactionID.high, at: 8)
    buffer.store(transactionID.low, at: 12)
    end = STUNMessage.headerByteCount
  }

  /// Of the message so far; 0 when the buffer was too small for it, whatever is in the buffer then.
  public var byteCount: Int { end ?? 0 }

  /// `<first>:<second>`, as ICE's user names are (RFC 8445, section 7.2.2).
  public mutating func appendUsername(_ first: [UInt8], _ second: [UInt8], into buffer: inout MutableRawSpan) {
    guard let start = reserve(.username, first.count + 1 + second.count, in: &buffer) else { return }
    buffer.store(first.span.bytes, at: start)
    buffer.store(UInt8(ascii: ":"), at: start + first.count)
    buffer.store(second.span.bytes, at: start + first.count + 1)
  }

  public mutating func appendPriority(_ priority: UInt32, into buffer: inout MutableRawSpan) {
    guard let start = reserve(.priority, 4, in: &buffer) else { return }
    buffer.store(priority, at: start)
  }

  public mutating func appendUseCandidate(into buffer: inout MutableRawSpan) {
    _ = reserve(.useCandidate, 0, in: &buffer)
  }

  public mutating func appendIceControlling(tieBreaker: UInt64, into buffer: inout MutableRawSpan) {
    guard let start = reserve(.iceControlling, 8, in: &buffer) else { return }
    buffer.store(tieBreaker, at: start)
  }

  public mutating func appendIceControlled(tieBreaker: UInt64, into buffer: inout MutableRawSpan) {
    guard let start = reserve(.iceControlled, 8, in: &buffer) else { return }
    buffer.store(tieBreaker, at: start)
  }

  public mutating func appendXORMappedAddress(_ address: TransportAddress, into buffer: inout MutableRawSpan) {
    guard let start = reserve(.xorMappedAddress, STUNAddress.byteCount(address), in: &buffer) else { return }
    STUNAddress.write(address, transactionID, into: &buffer, at: start)
  }

  /// With no reason phrase, which is for people only. `code` has to be 300...699.
  public mutating func appendErrorCode(_ code: Int, into buffer: inout MutableRawSpan) {
    guard let start = reserve(.errorCode, 4, in: &buffer) else { return }
    // Two reserved bytes, the class, the number.
    buffer.store(UInt16(0), at: start)
    buffer.store(UInt8(truncatingIfNeeded: code / 100), at: start + 2)
    buffer.store(UInt8(truncatingIfNeeded: code % 100), at: start + 3)
  }

  public mutating func appendUnknownAttributes(_ types: STUNUnknownAttributes, into buffer: inout MutableRawSpan) {
    guard let start = reserve(.unknownAttributes, 2 * types.count, in: &buffer) else { return }
    for index in 0..<types.count { buffer.store(types[index].rawValue, at: start + 2 * index) }
  }

  /// Any other attribute.
  public mutating func append(_ type: STUNAttributeType, _ value: [UInt8], into buffer: inout MutableRawSpan) {
    guard let start = reserve(type, value.count, in: &buffer) else { return }
    buffer.store(value.span.bytes, at: start)
  }

  public mutating func appendMessageIntegrity(_ key: MessageIntegrityKey, into buffer: inout MutableRawSpan) {
    guard let before = end, let start = reserve(.messageIntegrity, 20, in: &buffer) else { return }
    let code = key.code(of: buffer.bytes, upTo: before)
    for index in code.indices { buffer.store(code[index], at: start + index) }
  }

  public mutating func appendFingerprint(into buffer: inout MutableRawSpan) {
    guard let before = end, let start = reserve(.fingerprint, 4, in: &buffer) else { return }
    buffer.store(STUNFingerprint.value(of: buffer.bytes.extracting(0..<before)), at: start)
  }

  /// Writes the attribute's header and padding and the message's new length, and says where the value goes.
  private mutating func reserve(_ type: STUNAttributeType, _ count: Int, in buffer: inout MutableRawSpan) -> Int? {
    guard let before = end else { return nil }
    let start = before + STUNAttributeIterator.headerByteCount
    let after = (start + count + 3) & ~3
    guard after <= min(buffer.byteCount, STUNMessage.headerByteCount + Int(UInt16.max)) else {
      end = nil
      return nil
    }
    buffer.store(type.rawValue, at: before)
    buffer.store(UInt16(truncatingIfNeeded: count), at: before + 2)
    buffer.fill(start + count..<after)
    buffer.store(UInt16(truncatingIfNeeded: after - STUNMessage.headerByteCount), at: 2)
    end = after
    return start
  }
}
