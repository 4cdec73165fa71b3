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
      guard grant.callID.map({ Call.sessionID(of: $0) == Call.sessionID(of: callID) }) ?? true,
        let session = registry.session(Call.sessionID(of: callID)),
        session.owner == grant.owner
      else { throw .callNotFound(callID) }
      self = .join(session, role)
    } else {
      self = .open(try SessionRequest(request, grant))
    }
  }

}

extension SessionRequest {
  /// The session that a request asks for, with its key's session and perhaps one of its own on top.
  ///
  /// - Throws: the answer, 400 or 403, to a request that asks for what its key does not give.
  init(_ request: HTTPRequest, _ grant: Grant, update: SessionPatch? = nil) throws(HTTPResponse) {
    guard grant.scope.opensSessions else {
      throw .insufficientScope(grant.scope, needed: [.caller], to: "open a session")
    }
    // What hangs on the key is a default, but for the agent: who made the key chose whom its holder may talk to.
    let asked = request.queryValue("model") ?? update?.model
    if let bound = grant.session?.model {
      for asked in [request.queryValue("model"), update?.model].compactMap({ $0 }) where asked != bound {
        throw .error(
          403,
          .invalidRequest(
            code: "model_not_allowed", message: "This key is for the model '\(bound)' and no other.", param: "model"))
      }
    }
    var kind = grant.session.map { $0.kind ?? .realtime }
    if let intent = request.queryValue("intent") {
      guard intent == RealtimeSession.Kind.transcription.rawValue, kind != .realtime else {
        throw .error(400, .badIntent(intent, bound: kind))
      }
      kind = .transcription
    }
    if let asked = update?.kind {
      guard kind ?? asked == asked else {
        throw .error(400, .badType(asked, bound: kind))
      }
      kind = asked
    }
    self.init(
      agent: asked ?? grant.session?.model, kind: kind ?? .realtime, patch: grant.session, update: update,
      owner: grant.owner)
  }
}

extension Scope {
  fileprivate var opensSessions: Bool { self == .caller || self == .admin }

  /// What its holder is in a session of someone else; nil when it may not join.
  var role: SidebandRole? {
    switch self {
    case .caller: nil
    case .listener: .listener
    case .human: .human
    case .sideband, .admin: .sideband
    }
  }
}

extension RealtimeError {
  fileprivate static func badType(_ type: RealtimeSession.Kind, bound kind: RealtimeSession.Kind?) -> RealtimeError {
    .invalidRequest(
      code: "invalid_value",
      message:
        "Invalid value for 'session.type': '\(type.rawValue)'. The key and the URL ask for '\(kind?.rawValue ?? "")'.",
      param: "session.type")
  }

  fileprivate static func badIntent(_ intent: String, bound kind: RealtimeSession.Kind?) -> RealtimeError {
    .invalidRequest(
      code: "invalid_value",
      message: kind == .realtime && intent == "transcription"
        ? "This key is for conversations: its session has the type 'realtime'. Leave 'intent' out."
        : "Invalid value for 'intent': '\(intent)'. Supported is 'transcription'; leave it out for a conversation.",
      param: "intent")
  }
}
