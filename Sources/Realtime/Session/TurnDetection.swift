/// How the server finds the user's turns.
public struct TurnDetection: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    /// By listening for silence.
    case serverVAD = "server_vad"
    /// By what was said as well: unfinished sentences are waited for.
    case semanticVAD = "semantic_vad"
  }

  /// How soon a turn counts as over that does not sound like it. The longest waits are 8, 4 and 2 s.
  public enum Eagerness: String, Sendable, CaseIterable {
    case low, medium, high
    /// As `medium`.
    case auto
  }

  public var kind = Kind.serverVAD
  /// The end of a turn starts a response.
  public var createResponse = true
  /// The start of a turn cuts a response off.
  public var interruptResponse = true

  // MARK: server_vad

  /// 0...1; higher needs louder speech.
  public var threshold = 0.5
  /// Audio kept from before speech was noticed. 0...5000.
  public var prefixPaddingMilliseconds = 300
  /// Silence that ends a turn. 0...10000.
  public var silenceDurationMilliseconds = 500
  /// Silence after a response that counts as a turn of its own, 5000...30000; nil waits for ever.
  public var idleTimeoutMilliseconds: Int?

  // MARK: semantic_vad

  public var eagerness = Eagerness.auto

  public init() {}
}

extension TurnDetection: Encodable {
  enum CodingKeys: String, CodingKey {
    case type, threshold, eagerness
    case prefixPaddingMilliseconds = "prefix_padding_ms"
    case silenceDurationMilliseconds = "silence_duration_ms"
    case idleTimeoutMilliseconds = "idle_timeout_ms"
    case createResponse = "create_response"
    case interruptResponse = "interrupt_response"
  }

  /// Only the fields of its kind.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try encodeDetection(into: &fields)
    if kind == .serverVAD { try fields.encode(idleTimeoutMilliseconds, forKey: .idleTimeoutMilliseconds) }
    try fields.encode(createResponse, forKey: .createResponse)
    try fields.encode(interruptResponse, forKey: .interruptResponse)
  }

  private func encodeDetection(into fields: inout KeyedEncodingContainer<CodingKeys>) throws {
    try fields.encode(kind.rawValue, forKey: .type)
    switch kind {
    case .serverVAD:
      try fields.encode(threshold, forKey: .threshold)
      try fields.encode(prefixPaddingMilliseconds, forKey: .prefixPaddingMilliseconds)
      try fields.encode(silenceDurationMilliseconds, forKey: .silenceDurationMilliseconds)
    case .semanticVAD:
      try fields.encode(eagerness.rawValue, forKey: .eagerness)
    }
  }

  /// As a transcription session shows it, where nothing responds.
  struct WithoutResponses: Encodable {
    let detection: TurnDetection

    func encode(to encoder: any Encoder) throws {
      var fields = encoder.container(keyedBy: CodingKeys.self)
      try detection.encodeDetection(into: &fields)
    }
  }
}
