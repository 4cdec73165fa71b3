/// How much one response may say.
public enum TokenLimit: Sendable, Equatable {
  /// 1...4096.
  case limited(Int)
  /// `"inf"`: as much as the model can.
  case unlimited

  /// nil when there is no limit.
  public var tokens: Int? {
    if case .limited(let tokens) = self { tokens } else { nil }
  }
}

extension TokenLimit: Codable {
  public init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let text = try? value.decode(String.self), text == "inf" {
      self = .unlimited
    } else if let tokens = try? value.decode(Int.self), (1...4096).contains(tokens) {
      self = .limited(tokens)
    } else {
      throw RealtimeError.invalidRequest(
        code: "invalid_value", message: "Invalid token limit: expected an integer from 1 to 4096, or \"inf\".",
        param: parameterPath(decoder.codingPath))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    switch self {
    case .limited(let tokens): try value.encode(tokens)
    case .unlimited: try value.encode("inf")
    }
  }
}
