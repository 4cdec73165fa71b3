import Realtime
import Sessions

/// What a WebSocket on `/v1/realtime` is for, as its URL and its key say.
enum ConnectionPurpose: Sendable {
  /// `?model=`, `?intent=transcription`: a session of its own.
  case open(SessionRequest)
  /// `?call_id=`: another one's session.
  case join(Session, SidebandRole)

  /// - Throws: the answer, 400, 403 or 404, to a request that asks for too much.
  init(_ request: HTTPRequest, _ grant: Grant, registry: SessionRegistry) throws(HTTPResponse) {
    if let callID = request.queryValue("call_id") {
      guard let role = grant.scope.role else {
        throw .insufficientScope(grant.scope, needed: [.sideband, .human, .listener], to: "join a session")
      }
      guard grant.callID == nil || grant.callID == callID, let session = registry.session(callID),
        session.owner == grant.owner
      else { throw .callNotFound(callID) }
      self = .join(session, role)
    } else {
      guard grant.scope.opensSessions else {
        throw .insufficientScope(grant.scope, needed: [.caller], to: "open a session")
      }
      self = .open(try Self.sessionRequest(request, grant))
    }
  }

  private static func sessionRequest(_ request: HTTPRequest, _ grant: Grant) throws(HTTPResponse) -> SessionRequest {
    let asked = request.queryValue("model")
    // What hangs on the key is a default, but for the agent: who made the key chose whom its holder may talk to.
    if let bound = grant.session?.model, let asked, asked != bound {
      throw .error(
        403,
        .invalidRequest(
          code: "model_not_allowed", message: "This key is for the model '\(bound)' and no other.", param: "model"))
    }
    var kind = grant.session.map { $0.kind ?? .realtime }
    if let intent = request.queryValue("intent") {
      guard intent == RealtimeSession.Kind.transcription.rawValue, kind != .realtime else {
        throw .error(400, .badIntent(intent, bound: kind))
      }
      kind = .transcription
    }
    return SessionRequest(
      agent: asked ?? grant.session?.model, kind: kind ?? .realtime, patch: grant.session, owner: grant.owner)
  }
}

extension Scope {
  fileprivate var opensSessions: Bool { self == .caller || self == .admin }

  /// What its holder is in a session of someone else; nil when it may not join.
  fileprivate var role: SidebandRole? {
    switch self {
    case .caller: nil
    case .listener: .listener
    case .human: .human
    case .sideband, .admin: .sideband
    }
  }
}

extension RealtimeError {
  fileprivate static func badIntent(_ intent: String, bound kind: RealtimeSession.Kind?) -> RealtimeError {
    .invalidRequest(
      code: "invalid_value",
      message: kind == .realtime && intent == "transcription"
        ? "This key is for conversations: its session has the type 'realtime'. Leave 'intent' out."
        : "Invalid value for 'intent': '\(intent)'. Supported is 'transcription'; leave it out for a conversation.",
      param: "intent")
  }
}
