/// A receiver lost a part of a picture (RFC 4585, section 6.3.1).
public struct PictureLossIndication: Sendable, Hashable {
  static let format: UInt8 = 1

  public let senderSSRC: UInt32
  public let mediaSSRC: UInt32

  init(_ header: RTCPHeader, _ bytes: RawSpan) throws(RTCPError) {
    let feedback = try FeedbackHeader(header, bytes)
    guard feedback.information.isEmpty else { throw .badLength }
    senderSSRC = feedback.senderSSRC
    mediaSSRC = feedback.mediaSSRC
  }
}
