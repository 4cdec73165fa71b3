/// Tells the protocols that share one UDP port apart (RFC 7983, section 7; RTP from RTCP by RFC 5761, section 4).
public enum Demux {
  public enum Kind: Sendable {
    case stun, dtls, rtp, rtcp
  }

  /// Nil for what no protocol of the port can have sent: to be dropped. What is said to be of a kind has at least
  /// that protocol's fixed header.
  @inlinable
  public static func kind(of datagram: RawSpan) -> Kind? {
    guard datagram.byteCount >= 8 else { return nil }
    switch datagram.unsafeLoad(fromByteOffset: 0, as: UInt8.self) {
    case 0...3:
      return datagram.byteCount >= 20 ? .stun : nil
    case 20...63:
      return datagram.byteCount >= 13 ? .dtls : nil
    case 128...191:
      // RTCP's packet types; in RTP they would be the marker bit with payload types that RFC 5761 forbids.
      if (192...223).contains(datagram.unsafeLoad(fromByteOffset: 1, as: UInt8.self)) { return .rtcp }
      return datagram.byteCount >= 12 ? .rtp : nil
    default:
      return nil
    }
  }
}
