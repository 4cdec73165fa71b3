import Realtime

/// What is served to clients, and under which methods.
enum Route: Equatable {
  case health, readiness, models
  /// The WebSocket; an ordinary request for it is told so.
  case realtime
  case clientSecrets
  /// Calls over WebRTC are made here.
  case calls
  case call(id: String)
  case hangUp(id: String)
  /// How the workers are.
  case workers
  /// Where they are broken on purpose.
  case faults
  /// An endpoint of OpenAI's that is not served, and what to do instead.
  case notServed(remedy: String)
  /// A file of the page, or nothing at all.
  case page

  static let callsPath = "/v1/realtime/calls"

  init(path: String) {
    self =
      switch path {
      case "/healthz": .health
      case "/readyz": .readiness
      case "/v1/models": .models
      case "/v1/realtime": .realtime
      case "/v1/realtime/client_secrets": .clientSecrets
      case "/v1/viva/workers": .workers
      case "/v1/viva/faults": .faults
      case "/v1/realtime/sessions", "/v1/realtime/transcription_sessions":
        .notServed(
          remedy:
            "It belongs to the beta of the Realtime API. Use POST /v1/realtime/client_secrets, with 'session.type'."
        )
      default:
        if Self.contains(Self.callsPath, path) {
          Self.call(path.dropFirst(Self.callsPath.count).split(separator: "/", omittingEmptySubsequences: false))
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
    case .models, .realtime, .clientSecrets, .calls, .call, .hangUp, .notServed: true
    case .health, .readiness, .workers, .faults, .page: false
    }
  }

  /// The methods it takes beside OPTIONS; nil is any.
  var methods: [HTTPRequest.Method]? {
    switch self {
    case .clientSecrets, .calls, .hangUp: [.post]
    case .call: [.patch, .delete]
    case .faults: [.get, .head, .post]
    case .notServed: nil
    default: [.get, .head]
    }
  }

  /// What `OPTIONS` says of bodies (WHIP, RFC 9725, section 4.2; RFC 5789).
  var acceptHeaders: [(String, String)] {
    switch self {
    case .calls: [("Accept-Post", CallBody.accepted)]
    case .call: [("Accept-Patch", CallBody.fragment)]
    default: []
    }
  }

  /// - Parameter parts: of what stands behind `callsPath`; the first is empty.
  private static func call(_ parts: [Substring]) -> Route {
    switch parts.count {
    case 1: .calls
    case 2 where !parts[1].isEmpty: .call(id: String(parts[1]))
    case 3 where parts[2] == "hangup": .hangUp(id: String(parts[1]))
    default: .notServed(remedy: "Calls are made with POST \(callsPath); SIP is not supported.")
    }
  }

  private static func contains(_ folder: String, _ path: String) -> Bool {
    path == folder || path.hasPrefix(folder + "/")
  }
}
