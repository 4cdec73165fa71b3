import Realtime

/// The way to one participant. Implemented by the gateway; all calls are thread-safe and never block.
public protocol ClientChannel: AnyObject, Sendable {
  /// Queues one JSON event.
  func send(_ event: [UInt8])

  /// Queues one packet of audio, as a binary message.
  func send(packet: [UInt8])

  /// Gives a WebSocket's session a media leg, SRTP with keys of SDES (RFC 4568). Unlike the others it is called on the
  /// thread of the session's shard only. `Session.attach` and `mediaConnected` follow once an authentic packet has come;
  /// until then audio goes on over the WebSocket.
  ///
  /// - Parameter offer: SDP, of at most 16 KiB.
  /// - Returns: the answer, which has keys in it.
  /// - Throws: why there is none: the connection is not encrypted and not of this machine, or the offer is no good.
  func negotiateSRTP(_ offer: String, for session: Session) throws(RealtimeError) -> String

  /// Sends what is queued, then closes. `code` is a WebSocket close code (RFC 6455 §7.4).
  func close(code: UInt16, reason: String)
}

extension ClientChannel {
  public func negotiateSRTP(_ offer: String, for session: Session) throws(RealtimeError) -> String {
    throw .invalidRequest(
      code: "unsupported_parameter",
      message: "SRTP cannot be had on this connection. Use POST /v1/realtime/calls, or audio in events.",
      param: "session.viva.srtp")
  }
}
