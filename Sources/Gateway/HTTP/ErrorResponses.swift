import Realtime
import Runtime
import Sessions

extension HTTPResponse {
  /// An error with OpenAI's body: `{"error": {type, code, message, param}}`.
  static func error(_ status: Int, _ error: RealtimeError, headers: [(String, String)] = []) -> HTTPResponse {
    var response = HTTPResponse(status: status, json: error.httpBody)
    response.headers += headers
    return response
  }

  init(status: Int, json: [UInt8]) {
    self.init(
      status: status,
      headers: [
        ("Content-Type", "application/json"), ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
      ], body: json)
  }

  init(status: Int, text: String, contentType: String = "text/plain; charset=utf-8") {
    self.init(
      status: status,
      headers: [
        ("Content-Type", contentType), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
      ], body: Array(text.utf8))
  }

  static func notFound(_ path: String) -> HTTPResponse {
    error(404, .invalidRequest(code: "unknown_url", message: "Nothing is served at \(path).", param: nil))
  }

  static func notServed(_ path: String, remedy: String) -> HTTPResponse {
    error(404, .invalidRequest(code: "unsupported_url", message: "\(path) is not served. \(remedy)", param: nil))
  }

  static func wrongMethod(allowed: String) -> HTTPResponse {
    error(
      405, .invalidRequest(code: "method_not_allowed", message: "This address takes \(allowed).", param: nil),
      headers: [("Allow", allowed)])
  }

  static let upgradeRequired = error(
    426,
    .invalidRequest(
      code: "upgrade_required", message: "This address speaks WebSocket: ask with 'Upgrade: websocket'.", param: nil),
    headers: [("Upgrade", "websocket")])

  /// `Retry-After` (RFC 9110 §10.2.3), in whole seconds, at least one.
  static func retryAfter(_ wait: Duration) -> [(String, String)] {
    [("Retry-After", String(max(1, Int(wait.inSeconds.rounded(.up)))))]
  }
}

extension Refusal {
  var realtimeError: RealtimeError {
    switch self {
    case .unknownAgent(let name, let known):
      .invalidRequest(
        code: "model_not_found",
        message:
          "The model '\(name)' does not exist: it names an agent, and the agents here are \(known.joined(separator: ", ")).",
        param: "model")
    case .full(let limit):
      .serverError(
        code: "server_overloaded", message: "All \(limit) sessions of this server are taken. Try again later."
      )
    case .keyFull(let limit):
      .rateLimited(
        code: "session_limit_exceeded",
        message: "This key has \(limit) sessions, as many as it may have at once. End one, or try again later.")
    case .sidebandsFull(let limit):
      .rateLimited(
        code: "sideband_limit_exceeded",
        message: "\(limit) connections have joined this session, as many as it may have. Close one first.")
    case .invalid(let error): error
    }
  }

  var response: HTTPResponse {
    switch self {
    case .unknownAgent: .error(404, realtimeError)
    case .full: .error(503, realtimeError, headers: HTTPResponse.retryAfter(.seconds(5)))
    case .keyFull, .sidebandsFull: .error(429, realtimeError, headers: HTTPResponse.retryAfter(.seconds(5)))
    case .invalid: .error(400, realtimeError)
    }
  }
}
