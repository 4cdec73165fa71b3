/// What happens when the conversation outgrows the model.
public enum Truncation: Sendable, Equatable {
  /// The oldest items are left out.
  case auto
  case disabled
  /// Cuts down to this part of the window at once, 0...1, so that the model's cache lives longer.
  case retentionRatio(Double, postInstructions: Int?)
}

extension Truncation: Codable {
  private enum CodingKeys: String, CodingKey {
    case type
    case ratio = "retention_ratio"
    case limits = "token_limits"
  }

  private enum LimitKeys: String, CodingKey {
    case postInstructions = "post_instructions"
  }

  public init(from decoder: any Decoder) throws {
    let type: String
    if let mode = try? decoder.singleValueContainer().decode(String.self) {
      type = mode
    } else {
      let fields = try decoder.container(keyedBy: CodingKeys.self)
      type = try fields.decode(String.self, forKey: .type)
      if type == "retention_ratio" {
        guard let ratio: Double = try fields.number(.ratio) else { throw RealtimeError.missing(fields.path(.ratio)) }
        guard (0...1).contains(ratio) else { throw fields.refusal(.ratio, "Invalid value \(ratio): expected 0 to 1.") }
        let limits = try fields.nested(LimitKeys.self, .limits)
        let tokens: Int? = try limits?.number(.postInstructions)
        if let limits, let tokens, tokens < 1 {
          throw limits.refusal(.postInstructions, "Invalid value \(tokens): expected 1 or more.")
        }
        self = .retentionRatio(ratio, postInstructions: tokens)
        return
      }
    }
    switch type {
    case "auto": self = .auto
    case "disabled": self = .disabled
    default:
      throw RealtimeError.invalidRequest(
        code: "invalid_value", message: .unknownValue(type, allowed: ["auto", "disabled", "retention_ratio"]),
        param: parameterPath(decoder.codingPath))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .auto:
      var mode = encoder.singleValueContainer()
      try mode.encode("auto")
    case .disabled:
      var mode = encoder.singleValueContainer()
      try mode.encode("disabled")
    case .retentionRatio(let ratio, let postInstructions):
      var fields = encoder.container(keyedBy: CodingKeys.self)
      try fields.encode("retention_ratio", forKey: .type)
      try fields.encode(ratio, forKey: .ratio)
      guard let postInstructions else { return }
      var limits = fields.nestedContainer(keyedBy: LimitKeys.self, forKey: .limits)
      try limits.encode(postInstructions, forKey: .postInstructions)
    }
  }
}
