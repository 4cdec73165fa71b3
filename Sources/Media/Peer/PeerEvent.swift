/// What happens to a peer, other than audio.
public enum PeerEvent: Sendable, Equatable {
  /// Keys and an address are there: media may flow both ways. Once.
  case connected
  /// The path: see `IceEvent`.
  case path(IceEvent)
  /// One SCTP packet (RFC 8261).
  case data([UInt8])
  /// The other side ended DTLS, as browsers do when the call is closed. Nothing more comes over the data channel;
  /// media could go on.
  case dtlsClosed
  /// The source leaves (RTCP BYE). It may also be replaced by another.
  case goodbye(ssrc: UInt32)
  /// To be made durable, then `Peer.confirm` or `Peer.abandon`. Only with `PeerConfiguration.reservesDurably`.
  case reservation(SRTPReservation)
  /// It is over.
  case failed(PeerFailure)
}

public enum PeerState: Sendable, Equatable {
  case connecting
  case connected
  case failed(PeerFailure)
  /// By this side.
  case closed
}

public enum PeerFailure: Error, Sendable, Equatable {
  /// No keys: the handshake failed, or somebody else answered.
  case dtls(DTLSError)
  case srtp(SRTPError)
  /// Not connected within `PeerConfiguration.connectTimeout`.
  case timedOut
}
