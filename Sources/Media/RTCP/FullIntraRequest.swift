/// A receiver needs a picture that stands alone (RFC 5104, section 4.3.1).
public struct FullIntraRequest: Sendable, Hashable {
  static let format: UInt8 = 4

  public let senderSSRC: UInt32

  init(_ header: RTCPHeader, _ bytes: RawSpan) throws(RTCPError) {
    let feedback = try FeedbackHeader(header, bytes)
    // A source and a counter each.
    guard !feedback.information.isEmpty, feedback.information.count % 8 == 0 else { throw .badLength }
    senderSSRC = feedback.senderSSRC
  }
}
