import Realtime
import Runtime
import Sessions

/// `POST /v1/realtime/client_secrets`: makes an ephemeral key, and shows the session that it will open.
struct ClientSecretEndpoint: Sendable {
  let keyring: Keyring
  let registry: SessionRegistry

  func respond(to request: HTTPRequest, _ grant: Grant, at now: Instant) -> HTTPResponse {
    guard grant.scope == .admin else {
      return .insufficientScope(grant.scope, needed: [.admin], to: "make ephemeral keys")
    }
    do throws(Refusal) {
      return try mint(try Self.decode(request.body), bytes: request.body.count, grant, at: now)
    } catch {
      return error.response
    }
  }

  /// Makes a key as `parent` may.
  private func mint(
    _ request: ClientSecretRequest, bytes: Int, _ parent: Grant, at now: Instant
  ) throws(Refusal) -> HTTPResponse {
    let scope = try Self.scope(request)
    // Else a key of ten minutes could go on for ever, through its children.
    guard scope != .admin || !parent.isEphemeral else {
      return .error(
        403,
        .invalidRequest(
          code: "insufficient_scope",
          message: "A key of scope 'admin' is made with a server key, not with an ephemeral one.", param: "viva.scope"))
    }
    if let callID = request.callID, registry.session(Call.sessionID(of: callID))?.owner != parent.owner {
      return .callNotFound(callID)
    }
    let session = try registry.preview(
      SessionRequest(
        agent: request.session?.model, kind: request.session?.kind ?? .realtime, patch: request.session,
        owner: parent.owner))
    let grant = Grant(
      scope: scope, owner: parent.owner, session: request.session, sessionBytes: bytes, callID: request.callID)
    do throws(EphemeralKeys.Full) {
      let minted = try keyring.mint(grant, seconds: request.seconds, at: now)
      return HTTPResponse(
        status: 200,
        json: ClientSecret(value: minted.key, expiresAt: minted.expiresAt, session: session).encoded())
    } catch {
      return .error(
        429,
        .rateLimited(
          code: "too_many_client_secrets",
          message:
            "As many ephemeral keys are valid as server.max_ephemeral_keys allows, or their sessions take \(EphemeralKeys.maximumSessionBytes >> 20) MiB. Try again later."
        ),
        headers: HTTPResponse.retryAfter(error.wait))
    }
  }

  private static func decode(_ body: [UInt8]) throws(Refusal) -> ClientSecretRequest {
    do throws(RealtimeError) {
      return try ClientSecretRequest.decode(body)
    } catch {
      throw .invalid(error)
    }
  }

  private static func scope(_ request: ClientSecretRequest) throws(Refusal) -> Scope {
    let name = request.scope ?? Scope.caller.rawValue
    guard let scope = Scope(rawValue: name) else {
      throw .invalid(
        .invalidRequest(
          code: "invalid_value",
          message:
            "Invalid value for 'viva.scope': '\(name)'. Supported are \(Scope.allCases.map(\.rawValue).joined(separator: ", ")).",
          param: "viva.scope"))
    }
    guard request.callID == nil || ![.caller, .admin].contains(scope) else {
      throw .invalid(
        .invalidRequest(
          code: "invalid_value",
          message:
            "'viva.call_id' is for keys that join a session: set 'viva.scope' to listener, human or sideband, or leave it out.",
          param: "viva.call_id"))
    }
    return scope
  }
}
