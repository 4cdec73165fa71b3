/// The language model's tokens for one response. Speech is counted by its words: the model reads and writes text.
public struct Usage: Sendable, Equatable {
  public var inputTokens: Int
  public var outputTokens: Int
  /// Of the input, what the model had in its cache.
  public var cachedTokens: Int

  public init(inputTokens: Int, outputTokens: Int, cachedTokens: Int = 0) {
    self.inputTokens = inputTokens
    self.outputTokens = outputTokens
    self.cachedTokens = cachedTokens
  }
}

extension Usage: Codable {
  private enum CodingKeys: String, CodingKey {
    case totalTokens = "total_tokens"
    case inputTokens = "input_tokens"
    case outputTokens = "output_tokens"
    case inputDetails = "input_token_details"
    case outputDetails = "output_token_details"
  }

  private enum DetailKeys: String, CodingKey {
    case textTokens = "text_tokens"
    case audioTokens = "audio_tokens"
    case imageTokens = "image_tokens"
    case cachedTokens = "cached_tokens"
    case cachedDetails = "cached_tokens_details"
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    inputTokens = try fields.decodeIfPresent(Int.self, forKey: .inputTokens) ?? 0
    outputTokens = try fields.decodeIfPresent(Int.self, forKey: .outputTokens) ?? 0
    let details = try fields.nested(DetailKeys.self, .inputDetails)
    cachedTokens = try details?.decodeIfPresent(Int.self, forKey: .cachedTokens) ?? 0
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    // The counts are a worker's word: a wrong one must not trap.
    try fields.encode(inputTokens &+ outputTokens, forKey: .totalTokens)
    try fields.encode(inputTokens, forKey: .inputTokens)
    try fields.encode(outputTokens, forKey: .outputTokens)
    var input = fields.nestedContainer(keyedBy: DetailKeys.self, forKey: .inputDetails)
    try input.encode(inputTokens, forKey: .textTokens)
    try input.encode(0, forKey: .audioTokens)
    try input.encode(0, forKey: .imageTokens)
    try input.encode(cachedTokens, forKey: .cachedTokens)
    var cached = input.nestedContainer(keyedBy: DetailKeys.self, forKey: .cachedDetails)
    try cached.encode(cachedTokens, forKey: .textTokens)
    try cached.encode(0, forKey: .audioTokens)
    try cached.encode(0, forKey: .imageTokens)
    var output = fields.nestedContainer(keyedBy: DetailKeys.self, forKey: .outputDetails)
    try output.encode(outputTokens, forKey: .textTokens)
    try output.encode(0, forKey: .audioTokens)
  }
}
