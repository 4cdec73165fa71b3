/// The answer to `POST /v1/realtime/client_secrets`: an ephemeral key, and the session that it opens.
public struct ClientSecret: Sendable {
  /// `ek_…`.
  public var value: String
  /// Seconds since 1970.
  public var expiresAt: Int
  public var session: RealtimeSession

  public init(value: String, expiresAt: Int, session: RealtimeSession) {
    self.value = value
    self.expiresAt = expiresAt
    self.session = session
    // Here the protocol has a voice's name only.
    self.session.voice?.isCustom = false
  }

  /// As JSON text in UTF-8.
  public func encoded() -> [UInt8] { RealtimeJSON.encode(self) }
}

extension ClientSecret: Encodable {
  private enum CodingKeys: String, CodingKey {
    case value, session
    case expiresAt = "expires_at"
  }
}
