/// What responses are made of. `audio` includes its transcript; there is no "both".
public enum Modality: String, Sendable, Codable, CaseIterable {
  case text, audio
}

extension KeyedDecodingContainer {
  /// `["audio"]` or `["text"]`; nil when absent or null.
  func modality(_ key: Key) throws -> Modality? {
    guard let names = try decodeIfPresent([String].self, forKey: key) else { return nil }
    guard names.count == 1, let modality = Modality(rawValue: names[0]) else {
      throw refusal(
        key,
        "Invalid modalities: \(names.prefix(8)). Supported are [\"audio\"], which includes a transcript, or [\"text\"]."
      )
    }
    return modality
  }
}
