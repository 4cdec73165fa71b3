import Realtime

/// What is served to clients, and under which methods.
enum Route: Equatable {
  case health, readiness, models
  /// The WebSocket; an ordinary request for it is told so.
  case realtime
  case clientSecrets
  /// An endpoint of OpenAI's that is not served, and what to do instead.
  case notServed(remedy: String)
  /// A file of the page, or nothing at all.
  case page

  init(path: String) {
    self =
      switch path {
      case "/healthz": .health
      case "/readyz": .readiness
      case "/v1/models": .models
      case "/v1/realtime": .realtime
      case "/v1/realtime/client_secrets": .clientSecrets
      case "/v1/realtime/sessions", "/v1/realtime/transcription_sessions":
        .notServed(
          remedy:
            "It belongs to the beta of the Realtime API. Use POST /v1/realtime/client_secrets, with 'session.type'."
        )
      default:
        if Self.contains("/v1/realtime/calls", path) {
          .notServed(remedy: "Calls over WebRTC and SIP are not supported yet. Connect a WebSocket to /v1/realtime.")
        } else if Self.contains("/v1/realtime/translations", path) {
          .notServed(remedy: "Translation sessions are not supported. Tell an agent to translate in its instructions.")
        } else {
          .page
        }
      }
  }

  /// Whether pages of other sites may use it (CORS).
  var isCrossOrigin: Bool {
    switch self {
    case .models, .realtime, .clientSecrets, .notServed: true
    case .health, .readiness, .page: false
    }
  }

  /// The methods it takes beside OPTIONS; nil is any.
  var methods: [HTTPRequest.Method]? {
    switch self {
    case .clientSecrets: [.post]
    case .notServed: nil
    default: [.get, .head]
    }
  }

  private static func contains(_ folder: String, _ path: String) -> Bool {
    path == folder || path.hasPrefix(folder + "/")
  }
}
