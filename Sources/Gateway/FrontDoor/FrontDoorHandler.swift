/// Answers what comes to the front door. Called on the service thread of libwebsockets, one call at a time:
/// a slow answer holds up every connection.
public protocol FrontDoorHandler: Sendable {
  /// Any request that is no WebSocket upgrade. The body of an answer to HEAD is not sent.
  func respond(to request: HTTPRequest) -> HTTPResponse

  /// A well-formed WebSocket upgrade, before the 101. `accept` is a permission, not yet a connection: the
  /// client may vanish before `WebSocketHandler.opened`.
  func admit(_ request: HTTPRequest) -> UpgradeDecision
}

public enum UpgradeDecision {
  case accept(any WebSocketHandler)
  /// Sent as an ordinary HTTP response, then the connection is closed.
  case refuse(HTTPResponse)
}

/// Hears one WebSocket. Called on the service thread: `opened` first, `closed` once and last.
/// Any of the calls may use the connection.
public protocol WebSocketHandler: AnyObject, Sendable {
  func opened(_ connection: WebSocketConnection)

  /// A whole message. Text has been checked to be UTF-8.
  func received(_ message: [UInt8], binary: Bool)

  /// - Parameter code: the code that ended the connection, ours or the peer's, whichever came first;
  ///   nil if the peer gave none or vanished without a close frame.
  func closed(code: UInt16?, reason: String)
}
