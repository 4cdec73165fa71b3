/// `server_vad`: the server finds the user's turns by listening for silence.
public struct TurnDetection: Sendable, Equatable {
  /// 0...1; higher needs louder speech.
  public var threshold = 0.5
  /// Audio kept from before speech was noticed. 0...5000.
  public var prefixPaddingMilliseconds = 300
  /// Silence that ends a turn. 0...10000.
  public var silenceDurationMilliseconds = 500
  /// Silence after a response that counts as a turn of its own, 5000...30000; nil waits for ever.
  public var idleTimeoutMilliseconds: Int?
  /// The end of a turn starts a response.
  public var createResponse = true
  /// The start of a turn cuts a response off.
  public var interruptResponse = true

  public init() {}
}

extension TurnDetection: Encodable {
  enum CodingKeys: String, CodingKey {
    case type, threshold
    case prefixPaddingMilliseconds = "prefix_padding_ms"
    case silenceDurationMilliseconds = "silence_duration_ms"
    case idleTimeoutMilliseconds = "idle_timeout_ms"
    case createResponse = "create_response"
    case interruptResponse = "interrupt_response"
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode("server_vad", forKey: .type)
    try fields.encode(threshold, forKey: .threshold)
    try fields.encode(prefixPaddingMilliseconds, forKey: .prefixPaddingMilliseconds)
    try fields.encode(silenceDurationMilliseconds, forKey: .silenceDurationMilliseconds)
    try fields.encode(idleTimeoutMilliseconds, forKey: .idleTimeoutMilliseconds)
    try fields.encode(createResponse, forKey: .createResponse)
    try fields.encode(interruptResponse, forKey: .interruptResponse)
  }
}

/// The fields of `turn_detection` that a `session.update` names.
public struct TurnDetectionPatch: Sendable, Equatable {
  public var threshold: Double?
  public var prefixPaddingMilliseconds: Int?
  public var silenceDurationMilliseconds: Int?
  public var idleTimeoutMilliseconds = Patch<Int>.absent
  public var createResponse: Bool?
  public var interruptResponse: Bool?

  public init() {}
}

extension TurnDetectionPatch: Decodable {
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: TurnDetection.CodingKeys.self)
    let type = try fields.decode(String.self, forKey: .type)
    if type == "semantic_vad" {
      throw fields.refusal(
        .type, code: "unsupported_value",
        "'semantic_vad' is not supported yet. Use 'server_vad', or null for manual turns.")
    }
    guard type == "server_vad" else {
      throw fields.refusal(.type, .unknownValue(type, allowed: ["server_vad"]))
    }
    threshold = try fields.number(.threshold)
    prefixPaddingMilliseconds = try fields.number(.prefixPaddingMilliseconds)
    silenceDurationMilliseconds = try fields.number(.silenceDurationMilliseconds)
    if fields.contains(.idleTimeoutMilliseconds) {
      idleTimeoutMilliseconds = try fields.number(.idleTimeoutMilliseconds).map(Patch.value) ?? .null
    }
    createResponse = try fields.decodeIfPresent(Bool.self, forKey: .createResponse)
    interruptResponse = try fields.decodeIfPresent(Bool.self, forKey: .interruptResponse)
  }
}
