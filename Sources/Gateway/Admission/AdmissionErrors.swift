import Realtime

/// Answers to requests that may not come in.
extension HTTPResponse: Error {
  static let missingKey = error(
    401,
    .invalidRequest(
      code: "missing_api_key",
      message:
        "No API key. Send 'Authorization: Bearer KEY'; a browser offers the WebSocket sub-protocols 'realtime' and 'openai-insecure-api-key.KEY'.",
      param: nil), headers: [("WWW-Authenticate", "Bearer")])

  static let wrongKey = error(
    401,
    .invalidRequest(
      code: "invalid_api_key",
      message:
        "Incorrect API key provided, or an ephemeral key that has expired. The server's keys are in its key_file and in server.keys of viva.yaml; 'viva token' makes an ephemeral one.",
      param: nil), headers: [("WWW-Authenticate", "Bearer")])

  static func tooManyFailedLogins(_ wait: Duration) -> HTTPResponse {
    error(
      429,
      .rateLimited(
        code: "too_many_failed_logins", message: "Too many wrong API keys came from this address. Try again later."),
      headers: retryAfter(wait))
  }

  static func tooManyConnections(limit: Int, _ wait: Duration) -> HTTPResponse {
    error(
      429,
      .rateLimited(
        code: "rate_limit_exceeded",
        message: "This key opened \(limit) connections within a minute, which is its limit. Try again later."),
      headers: retryAfter(wait))
  }

  /// - Parameter needed: any of these would do.
  static func insufficientScope(_ scope: Scope, needed: [Scope], to action: String) -> HTTPResponse {
    let names = needed.map { "'\($0.rawValue)'" }.joined(separator: " or ")
    return error(
      403,
      .invalidRequest(
        code: "insufficient_scope",
        message: "A key of scope '\(scope.rawValue)' cannot \(action): that needs scope \(names), or a server key.",
        param: nil))
  }

  static func originNotAllowed(_ origin: String) -> HTTPResponse {
    error(
      403,
      .invalidRequest(
        code: "origin_not_allowed",
        message: "Pages of \(origin) may not connect. Add it to server.allowed_origins in viva.yaml.", param: nil))
  }

  /// The same for a session that is not there and for one of another key's: that it exists is no one else's business.
  static func callNotFound(_ callID: String) -> HTTPResponse {
    error(
      404,
      .invalidRequest(
        code: "call_not_found",
        message: "There is no session '\(callID)' that this key may join. Its id is in 'session.created'.",
        param: "call_id"))
  }
}

extension RealtimeError {
  /// Too much at once, or too fast.
  static func rateLimited(code: String, message: String) -> RealtimeError {
    RealtimeError(type: "rate_limit_error", code: code, message: message)
  }
}
