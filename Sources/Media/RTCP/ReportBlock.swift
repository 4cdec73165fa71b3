/// How one source is received (RFC 3550, section 6.4.1).
public struct ReportBlock: Sendable, Hashable {
  static let length = 24

  /// The source that is reported on.
  public var ssrc: UInt32
  /// Since the last report, in 1/256.
  public var fractionLost: UInt8
  /// −8,388,608 to 8,388,607; negative when packets came twice.
  public var cumulativeLost: Int32
  /// The rounds above the sequence number.
  public var extendedHighestSequenceNumber: UInt32
  /// In timestamp units.
  public var jitter: UInt32
  /// The middle of the last sender report's NTP timestamp; 0 when none came.
  public var lastSenderReport: UInt32
  /// In 1/65,536 s; 0 when none came.
  public var delaySinceLastSenderReport: UInt32

  public init(
    ssrc: UInt32, fractionLost: UInt8, cumulativeLost: Int32, extendedHighestSequenceNumber: UInt32, jitter: UInt32,
    lastSenderReport: UInt32, delaySinceLastSenderReport: UInt32
  ) {
    self.ssrc = ssrc
    self.fractionLost = fractionLost
    self.cumulativeLost = cumulativeLost
    self.extendedHighestSequenceNumber = extendedHighestSequenceNumber
    self.jitter = jitter
    self.lastSenderReport = lastSenderReport
    self.delaySinceLastSenderReport = delaySinceLastSenderReport
  }

  init(_ bytes: RawSpan, at start: Int) {
    ssrc = bytes.uint32(at: start)
    fractionLost = bytes.uint8(at: start + 4)
    // 24 bits with a sign.
    cumulativeLost = Int32(bitPattern: bytes.uint24(at: start + 5) << 8) >> 8
    extendedHighestSequenceNumber = bytes.uint32(at: start + 8)
    jitter = bytes.uint32(at: start + 12)
    lastSenderReport = bytes.uint32(at: start + 16)
    delaySinceLastSenderReport = bytes.uint32(at: start + 20)
  }
}

/// The report blocks of a sender or receiver report.
public struct ReportBlocks: Sendable, Hashable {
  /// 0 to 31.
  public let count: Int
  private let start: Int

  init(_ header: RTCPHeader, at start: Int) throws(RTCPError) {
    count = Int(header.count)
    self.start = start
    guard start + count * ReportBlock.length <= header.body.upperBound else { throw .truncated }
  }

  /// - Parameter index: 0 ..< `count`; nil outside.
  /// - Parameter bytes: What the compound was made from.
  public func block(at index: Int, in bytes: RawSpan) -> ReportBlock? {
    guard (0..<count).contains(index) else { return nil }
    let position = start + index * ReportBlock.length
    guard position + ReportBlock.length <= bytes.byteCount else { return nil }
    return ReportBlock(bytes, at: position)
  }
}

extension RTCPWriter {
  /// Adds a block to the report that was written last. There are at most 31 to a report.
  public mutating func write(_ block: ReportBlock, to buffer: inout MutableRawSpan) -> Bool {
    guard let position = extend(by: ReportBlock.length, in: &buffer) else { return false }
    buffer.store(block.ssrc, at: position)
    buffer.store(block.fractionLost, at: position + 4)
    buffer.store24(UInt32(bitPattern: block.cumulativeLost), at: position + 5)
    buffer.store(block.extendedHighestSequenceNumber, at: position + 8)
    buffer.store(block.jitter, at: position + 12)
    buffer.store(block.lastSenderReport, at: position + 16)
    buffer.store(block.delaySinceLastSenderReport, at: position + 20)
    return true
  }
}
