/// Why a DTLS connection cannot be had, or ended. Texts are OpenSSL's own and name no secret.
public enum DTLSError: Error, Equatable, Sendable {
  /// The certificate or its key cannot be read, or do not belong together.
  case badIdentity(String)
  /// The peer's certificate is none that its SDP announced: somebody else answered. No key was exported.
  case fingerprintMismatch
  /// The handshake ended without a certificate of the peer.
  case noPeerCertificate
  /// The peer negotiated no SRTP profile (`use_srtp`), or one that is not offered.
  case srtpNotNegotiated
  /// No handshake was completed in time. Says what went wrong last, if anything did.
  case timedOut(lastFailure: String?)
  /// An alert or an error after the handshake.
  case failed(String)
  /// Nothing can be sent now: the handshake goes on, or the connection was released or has ended.
  case notConnected
  /// More application data than goes into one datagram.
  case tooLarge(Int)
  /// OpenSSL could not allocate.
  case library(String)
}
