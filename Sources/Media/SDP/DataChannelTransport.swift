/// SCTP over DTLS as an `m=application` section names it (RFC 8841, section 4).
enum DataChannelTransport {
  static let proto = "UDP/DTLS/SCTP"
  static let format = "webrtc-datachannel"
  /// What everybody uses; also ours.
  static let usualPort: UInt16 = 5000

  static func isDescribed(by section: SessionDescription.Section) -> Bool {
    ["UDP/DTLS/SCTP", "TCP/DTLS/SCTP"].contains(section.proto) && section.formats.contains(format)
  }
}
