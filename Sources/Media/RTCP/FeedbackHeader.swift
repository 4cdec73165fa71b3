/// What all feedback messages begin with (RFC 4585, section 6.1).
struct FeedbackHeader {
  static let length = 8

  let senderSSRC: UInt32
  let mediaSSRC: UInt32
  /// The feedback control information.
  let information: Range<Int>

  init(_ header: RTCPHeader, _ bytes: RawSpan) throws(RTCPError) {
    guard header.body.count >= Self.length else { throw .truncated }
    senderSSRC = bytes.uint32(at: header.body.lowerBound)
    mediaSSRC = bytes.uint32(at: header.body.lowerBound + 4)
    information = header.body.lowerBound + Self.length..<header.body.upperBound
  }
}
