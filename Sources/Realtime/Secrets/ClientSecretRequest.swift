/// What the body of `POST /v1/realtime/client_secrets` asks for.
public struct ClientSecretRequest: Sendable, Equatable {
  /// How long the key opens sessions, 10...7200. A session that it opened may live longer.
  public var seconds = 600
  /// What sessions made with the key start from.
  public var session: SessionPatch?
  /// Vendor field: `caller`, `listener`, `human`, `sideband`, `admin`; nil leaves it to the server.
  public var scope: String?
  /// Vendor field: the one session that the key may join.
  public var callID: String?

  public init() {}

  /// Reads the body; nothing at all, and `{}`, are all defaults. Safe on any bytes.
  ///
  /// - Throws: an `invalid_request_error` that names the field at fault.
  public static func decode(_ bytes: [UInt8]) throws(RealtimeError) -> ClientSecretRequest {
    guard !bytes.isEmpty else { return ClientSecretRequest() }
    do {
      return try RealtimeJSON.decode(ClientSecretRequest.self, from: bytes)
    } catch {
      throw RealtimeError(decoding: error)
    }
  }
}

extension ClientSecretRequest: Decodable {
  private enum CodingKeys: String, CodingKey {
    case session, viva
    case expiresAfter = "expires_after"
  }

  private enum ExpiryKeys: CodingKey {
    case anchor, seconds
  }

  private enum VivaKeys: String, CodingKey {
    case scope
    case callID = "call_id"
  }

  private enum Anchor: String, CaseIterable {
    case createdAt = "created_at"
  }

  private enum Scope: String, CaseIterable {
    case caller, listener, human, sideband, admin
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    if let expiry = try fields.nested(ExpiryKeys.self, .expiresAfter) {
      let _: Anchor? = try expiry.choice(.anchor)
      seconds = try expiry.number(.seconds) ?? seconds
      guard (10...7200).contains(seconds) else {
        throw expiry.refusal(.seconds, "Invalid value \(seconds): expected 10 to 7200.")
      }
    }
    session = try fields.decodeIfPresent(SessionPatch.self, forKey: .session)
    if let viva = try fields.nested(VivaKeys.self, .viva) {
      let scope: Scope? = try viva.choice(.scope)
      self.scope = scope?.rawValue
      callID = try viva.label(.callID, upTo: 128)
    }
  }
}
