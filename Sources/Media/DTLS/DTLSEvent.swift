/// What a `DTLSConnection` has to tell.
public enum DTLSEvent: Sendable, Equatable {
  /// The handshake is over, and the peer is the one its fingerprint announced.
  case connected(SRTPKeyingMaterial)
  /// One record of application data: an SCTP packet (RFC 8261).
  case received([UInt8])
  /// The peer said close_notify. Keys that were exported stay good.
  case closed
  /// It is over. Before `connected`: there will be no keys.
  case failed(DTLSError)
}
