/// From one who sends nothing (RFC 3550, section 6.4.2).
public struct ReceiverReport: Sendable, Hashable {
  /// Of who reports.
  public var ssrc: UInt32

  public init(ssrc: UInt32) {
    self.ssrc = ssrc
    reportBlocks = nil
  }

  /// Those that came with it; nil in a report of our own, to which they are written afterwards.
  public private(set) var reportBlocks: ReportBlocks?

  init(_ header: RTCPHeader, _ bytes: RawSpan) throws(RTCPError) {
    guard header.body.count >= 4 else { throw .truncated }
    ssrc = bytes.uint32(at: header.body.lowerBound)
    reportBlocks = try ReportBlocks(header, at: header.body.lowerBound + 4)
  }
}

extension RTCPWriter {
  /// Without report blocks, which may be written next.
  public mutating func write(_ report: ReceiverReport, to buffer: inout MutableRawSpan) -> Bool {
    guard let position = begin(type: RTCPType.receiverReport, count: 0, length: 8, in: &buffer) else { return false }
    buffer.store(report.ssrc, at: position)
    return true
  }
}
