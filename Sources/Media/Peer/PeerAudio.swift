/// An audio section as a peer needs to know it: of an SDP answer, or of key exchange in JSON.
public struct PeerAudio: Sendable, Hashable {
  /// Of the section among all, from 0.
  public var section = 0
  public var mid: String?
  /// 0 to 127, what both sides send.
  public var payloadType: UInt8
  /// In Hz, at least 1.
  public var clockRate: UInt32
  /// The payload type of DTMF digits (RFC 4733).
  public var telephoneEvent: UInt8?
  /// Ours.
  public var direction = MediaDirection.sendrecv
  /// What `urn:ietf:params:rtp-hdrext:ssrc-audio-level` was mapped to; nil when it was not negotiated.
  public var audioLevelID: UInt8?
  /// What `urn:ietf:params:rtp-hdrext:sdes:mid` was mapped to; nil when it was not negotiated.
  public var midID: UInt8?
  /// Whether lost packets may be asked for, by both sides.
  public var nack = false
  /// RFC 5506.
  public var reducedSizeRTCP = false
  /// The SSRCs that the other side announced, if any. With SDES no others are taken.
  public var remoteSources: [UInt32] = []

  public init(payloadType: UInt8, clockRate: UInt32) {
    self.payloadType = payloadType
    self.clockRate = clockRate
  }

  public init(_ negotiated: NegotiatedAudio) {
    section = negotiated.index
    mid = negotiated.mid
    payloadType = negotiated.codec.payloadType
    clockRate = negotiated.codec.clockRate
    telephoneEvent = negotiated.telephoneEvent?.payloadType
    direction = negotiated.direction
    audioLevelID = negotiated.identifier(of: .audioLevel)
    midID = negotiated.identifier(of: .mid)
    nack = negotiated.nack
    reducedSizeRTCP = negotiated.reducedSizeRTCP
    remoteSources = negotiated.remoteSources
  }

  /// The same section, seen by the other side.
  public var reversed: PeerAudio {
    var copy = self
    copy.direction = direction.reversed
    copy.remoteSources = []
    return copy
  }
}
