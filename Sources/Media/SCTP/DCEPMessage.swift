/// A message of the Data Channel Establishment Protocol (RFC 8832, section 5).
public enum DCEPMessage: Sendable, Hashable {
  case open(DataChannel)
  case acknowledge

  /// Of a label and of a sub-protocol's name, in bytes.
  public static let maximumTextLength = 1024

  private static let acknowledgeType: UInt8 = 2
  private static let openType: UInt8 = 3
  /// Of DATA_CHANNEL_OPEN without its texts: type, channel type, priority (2), reliability parameter (4), label length
  /// (2), protocol length (2).
  private static let openLength = 12

  /// Nil for what is no such message, is not whole or longer than it says, or has a text that is too long or not UTF-8.
  public init?(_ bytes: RawSpan) {
    guard bytes.byteCount > 0 else { return nil }
    switch bytes.uint8(at: 0) {
    case Self.acknowledgeType:
      guard bytes.byteCount == 1 else { return nil }
      self = .acknowledge
    case Self.openType:
      guard let channel = Self.channel(bytes) else { return nil }
      self = .open(channel)
    default: return nil
    }
  }

  private static func channel(_ bytes: RawSpan) -> DataChannel? {
    guard bytes.byteCount >= openLength else { return nil }
    let labelEnd = openLength + Int(bytes.uint16(at: 8))
    let protocolEnd = labelEnd + Int(bytes.uint16(at: 10))
    guard labelEnd - openLength <= maximumTextLength, protocolEnd - labelEnd <= maximumTextLength,
      bytes.byteCount == protocolEnd,
      let label = text(bytes.extracting(openLength..<labelEnd)),
      let subprotocol = text(bytes.extracting(labelEnd..<protocolEnd))
    else { return nil }
    let type = bytes.uint8(at: 1)
    let parameter = bytes.uint32(at: 4)
    let reliability: DataChannel.Reliability
    switch type & 0x7F {
    // The parameter is to be ignored.
    case 0: reliability = .reliable
    case 1: reliability = .retransmissions(parameter)
    case 2: reliability = .lifetime(parameter)
    default: return nil
    }
    return DataChannel(
      label: label, protocol: subprotocol, isOrdered: type & 0x80 == 0, reliability: reliability,
      priority: bytes.uint16(at: 2))
  }

  private static func text(_ bytes: RawSpan) -> String? {
    bytes.withUnsafeBytes { String(validating: $0, as: UTF8.self) }
  }

  /// The message; texts beyond `maximumTextLength` bytes make none.
  public var bytes: [UInt8]? {
    guard case .open(let channel) = self else { return [Self.acknowledgeType] }
    let label = Array(channel.label.utf8)
    let subprotocol = Array(channel.protocol.utf8)
    guard label.count <= Self.maximumTextLength, subprotocol.count <= Self.maximumTextLength else { return nil }
    var type: UInt8 = channel.isOrdered ? 0 : 0x80
    var parameter: UInt32 = 0
    switch channel.reliability {
    case .reliable: break
    case .retransmissions(let count):
      type |= 1
      parameter = count
    case .lifetime(let milliseconds):
      type |= 2
      parameter = milliseconds
    }
    var bytes: [UInt8] = [Self.openType, type]
    func append(_ value: some FixedWidthInteger) {
      withUnsafeBytes(of: value.bigEndian) { bytes += $0 }
    }
    append(channel.priority)
    append(parameter)
    append(UInt16(label.count))
    append(UInt16(subprotocol.count))
    return bytes + label + subprotocol
  }
}

extension DCEPMessage {
  /// For fuzzing: any bytes are read, and what is read is written the same again.
  public static func exercise(_ bytes: RawSpan) {
    guard let message = DCEPMessage(bytes), let written = message.bytes else { return }
    guard DCEPMessage(written.span.bytes) == message else { fatalError("read differently again") }
  }
}
