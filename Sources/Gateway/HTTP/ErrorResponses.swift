import Realtime
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
        "Incorrect API key provided. The server's keys are in its key_file and in server.keys of viva.yaml.",
      param: nil), headers: [("WWW-Authenticate", "Bearer")])

  static func notFound(_ path: String) -> HTTPResponse {
    error(404, .invalidRequest(code: "unknown_url", message: "Nothing is served at \(path).", param: nil))
  }

  static func wrongMethod(allowed: String) -> HTTPResponse {
    error(
      405, .invalidRequest(code: "method_not_allowed", message: "This address takes \(allowed).", param: nil),
      headers: [("Allow", allowed)])
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
    }
  }

  var response: HTTPResponse {
    switch self {
    case .unknownAgent: .error(404, realtimeError)
    case .full: .error(503, realtimeError, headers: [("Retry-After", "5")])
    }
  }
}
