/// A promise about one outgoing stream, to be made durable before it counts: "I send no index at or above these".
/// A process that is restarted begins there.
public struct SRTPReservation: Sendable, Hashable, Codable {
  public var ssrc: UInt32
  /// Of RTP packets, 48 bits.
  public var end: UInt64
  /// Of SRTCP packets, 31 bits.
  public var rtcpEnd: UInt32

  public init(ssrc: UInt32, end: UInt64, rtcpEnd: UInt32) {
    self.ssrc = ssrc
    self.end = end
    self.rtcpEnd = rtcpEnd
  }

  enum CodingKeys: String, CodingKey {
    case ssrc, end
    case rtcpEnd = "rtcp_end"
  }
}
