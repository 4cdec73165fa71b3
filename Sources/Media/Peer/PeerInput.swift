/// What a datagram turned out to be.
public enum PeerInput: Sendable {
  /// Audio, decrypted in place.
  case audio(ReceivedAudio)
  /// Reports or requests, which have been taken in.
  case rtcp
  /// A record of DTLS, for the handshake's next step or read already.
  case dtls
  /// An authenticated STUN message: the datagrams of its source are for this peer from now on.
  case stun
  /// Nothing has changed.
  case dropped(PeerDrop)
}

/// Why a datagram was dropped.
public enum PeerDrop: Error, Sendable, Hashable {
  /// Of no protocol, or no message of its protocol.
  case malformed
  /// STUN that is not of this peer.
  case notAuthentic
  /// From an address that has not passed an authenticated check, and no SRTP that may be tried.
  case uncheckedAddress
  /// SRTP before there are keys, DTLS where there is none, anything after the end.
  case unexpected
  /// Of a payload type that nothing was negotiated for, or in a section that does not receive.
  case unknownPayloadType
  case srtp(SRTPError)
}

/// An audio packet. The payload is in the datagram's own bytes.
public struct ReceivedAudio: Sendable {
  /// Where the payload is in the datagram. Empty in packets of nothing but padding.
  public let payload: Range<Int>
  /// The rollover counter and the sequence number as one.
  public let index: PacketIndex
  /// In units of the codec's clock.
  public let timestamp: UInt32
  public let ssrc: UInt32
  public let marker: Bool
  /// The payload is DTMF digits (RFC 4733), not sound.
  public let isTelephoneEvent: Bool
  /// Whether nothing came from this source before.
  public let isNewSource: Bool
  /// Whether it comes because it was asked for again.
  public let isRetransmission: Bool
  /// Of the SDP section that it belongs to.
  public let section: Int
  /// What the sender says of it; nil when it says nothing.
  public let audioLevel: AudioLevel?

  public var sequenceNumber: SequenceNumber { index.sequenceNumber }
}

/// A datagram to be sent, in the buffer that was given.
public struct PeerTransmit: Sendable, Hashable {
  /// No datagram is longer. Buffers are to be of this size.
  public static let maximumByteCount = 1472

  public let destination: TransportAddress
  /// The local address to send from: where the other side's datagrams came.
  public let source: TransportAddress
  public let byteCount: Int
}
