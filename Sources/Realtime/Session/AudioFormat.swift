/// How audio travels in events.
public enum AudioFormat: Sendable, Equatable {
  /// `audio/pcm`: 16-bit little-endian mono at 24 kHz.
  case pcm
}

extension AudioFormat: Codable {
  private enum CodingKeys: String, CodingKey {
    case type, rate
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    switch try fields.decode(String.self, forKey: .type) {
    case "audio/pcm":
      guard try fields.number(.rate) ?? 24_000 == 24_000 else {
        throw fields.refusal(.rate, code: "unsupported_value", "audio/pcm has a rate of 24000 Hz: resample to it.")
      }
      self = .pcm
    case let type where ["audio/pcmu", "audio/pcma"].contains(type):
      throw fields.refusal(
        .type, code: "unsupported_value", "'\(type)' is not supported yet. Use {\"type\":\"audio/pcm\",\"rate\":24000}."
      )
    case let type:
      throw fields.refusal(.type, .unknownValue(type, allowed: ["audio/pcm"]))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode("audio/pcm", forKey: .type)
    try fields.encode(24_000, forKey: .rate)
  }
}
