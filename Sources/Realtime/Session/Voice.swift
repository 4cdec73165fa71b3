/// The voice that answers, shown as the client gave it.
public struct Voice: Sendable, Equatable {
  public var name: String
  /// Given as `{"id": …}`, as OpenAI has it for voices of one's own.
  public var isCustom: Bool

  public init(_ name: String, isCustom: Bool = false) {
    self.name = name
    self.isCustom = isCustom
  }
}

extension Voice: ExpressibleByStringLiteral {
  public init(stringLiteral name: String) { self.init(name) }
}

extension Voice: Codable {
  private enum CodingKeys: CodingKey {
    case id
  }

  private static let longestName = 128

  public init(from decoder: any Decoder) throws {
    if let fields = try? decoder.container(keyedBy: CodingKeys.self) {
      self.init(try fields.requiredLabel(.id, upTo: Self.longestName), isCustom: true)
      return
    }
    let name = try decoder.singleValueContainer().decode(String.self)
    guard (1...Self.longestName).contains(name.utf8.count) else {
      throw RealtimeError.invalidRequest(
        code: "invalid_value",
        message: "Invalid length \(name.utf8.count): expected 1 to \(Self.longestName) bytes.",
        param: parameterPath(decoder.codingPath))
    }
    self.init(name)
  }

  public func encode(to encoder: any Encoder) throws {
    if isCustom {
      var fields = encoder.container(keyedBy: CodingKeys.self)
      try fields.encode(name, forKey: .id)
    } else {
      var value = encoder.singleValueContainer()
      try value.encode(name)
    }
  }
}
