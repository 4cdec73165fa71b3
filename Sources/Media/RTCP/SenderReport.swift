/// What a sender has sent, and when that was (RFC 3550, section 6.4.1).
public struct SenderReport: Sendable, Hashable {
  public var ssrc: UInt32
  public var ntpTimestamp: NTPTimestamp
  /// The same moment on the scale of the stream's timestamps.
  public var rtpTimestamp: UInt32
  public var packetCount: UInt32
  /// Of payloads only.
  public var octetCount: UInt32

  public init(
    ssrc: UInt32, ntpTimestamp: NTPTimestamp, rtpTimestamp: UInt32, packetCount: UInt32, octetCount: UInt32
  ) {
    self.ssrc = ssrc
    self.ntpTimestamp = ntpTimestamp
    self.rtpTimestamp = rtpTimestamp
    self.packetCount = packetCount
    self.octetCount = octetCount
    reportBlocks = nil
  }

  /// Those that came with it; nil in a report of our own, to which they are written afterwards.
  public private(set) var reportBlocks: ReportBlocks?

  init(_ header: RTCPHeader, _ bytes: RawSpan) throws(RTCPError) {
    let start = header.body.lowerBound
    guard header.body.count >= 24 else { throw .truncated }
    ssrc = bytes.uint32(at: start)
    ntpTimestamp = NTPTimestamp(rawValue: bytes.uint64(at: start + 4))
    rtpTimestamp = bytes.uint32(at: start + 12)
    packetCount = bytes.uint32(at: start + 16)
    octetCount = bytes.uint32(at: start + 20)
    reportBlocks = try ReportBlocks(header, at: start + 24)
  }
}

extension RTCPWriter {
  /// Without report blocks, which may be written next.
  public mutating func write(_ report: SenderReport, to buffer: inout MutableRawSpan) -> Bool {
    guard let position = begin(type: RTCPType.senderReport, count: 0, length: 28, in: &buffer) else { return false }
    buffer.store(report.ssrc, at: position)
    buffer.store(report.ntpTimestamp.rawValue, at: position + 4)
    buffer.store(report.rtpTimestamp, at: position + 12)
    buffer.store(report.packetCount, at: position + 16)
    buffer.store(report.octetCount, at: position + 20)
    return true
  }
}
