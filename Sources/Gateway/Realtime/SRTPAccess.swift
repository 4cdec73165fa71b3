import Realtime

/// Whether the session of a WebSocket may have its audio over SRTP with keys in the SDP (design, section 7).
enum SRTPAccess: Sendable {
  case granted(CallEndpoint)
  /// Others could read the keys on their way.
  case exposed
  /// There are no UDP ports.
  case off

  /// - Throws: the refusal, with its remedy.
  func endpoint() throws(RealtimeError) -> CallEndpoint {
    switch self {
    case .granted(let endpoint): return endpoint
    case .exposed:
      throw .invalidRequest(
        code: "insecure_transport",
        message:
          "The keys of SRTP travel in this field, so it is taken over wss, or from the server's own machine, only. Give the server a certificate (server.tls), or call over WebRTC: POST /v1/realtime/calls.",
        param: "session.viva.srtp.sdp")
    case .off:
      throw .invalidRequest(
        code: "unsupported_parameter",
        message: "SRTP is switched off here (webrtc.enabled). Send audio in events.", param: "session.viva.srtp")
    }
  }
}
