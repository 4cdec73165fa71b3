/// Of one association with its data channels.
public struct SCTPConfiguration: Sendable {
  /// Ours: `a=sctp-port` of our SDP (RFC 8841, section 5). 1...65535.
  public var port: UInt16 = 5000
  /// The peer's: `a=sctp-port` of its SDP. 1...65535.
  public var peerPort: UInt16 = 5000
  /// The largest message that is taken, in bytes: `a=max-message-size` of our SDP. A larger one closes its channel.
  public var maximumMessageSize = 256 << 10
  /// The largest message that the peer takes: `a=max-message-size` of its SDP. Messages larger than
  /// `maximumMessageSize` are not sent in any case.
  public var peerMaximumMessageSize = 64 << 10
  /// Of a packet, in bytes: what goes into one record of DTLS.
  public var maximumPacketSize = 1160
  /// In each direction, so a channel's stream is below: 1...1024. A stream costs some 150 bytes.
  public var maximumStreams: UInt16 = 64
  /// Channels open at the same time, whoever opened them.
  public var maximumChannels = 16
  /// Bytes of messages that may wait to be sent; beyond, `send` refuses.
  public var maximumBufferedBytes = 1 << 20
  /// `writable` is told when no more than these wait.
  public var lowBufferedBytes = 256 << 10

  public init() {}
}
