/// How much a model may think before it answers.
public enum ReasoningEffort: String, Sendable, Codable, CaseIterable {
  case minimal, low, medium, high, xhigh
}

private enum ReasoningKeys: CodingKey {
  case effort
}

extension KeyedDecodingContainer {
  /// `{"effort": …}`; nil when it or the effort is absent or null.
  func reasoningEffort(_ key: Key) throws -> ReasoningEffort? {
    try nested(ReasoningKeys.self, key)?.choice(.effort)
  }
}
