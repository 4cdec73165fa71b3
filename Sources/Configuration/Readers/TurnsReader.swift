/// `turn_detection:` and `interruptions:` of an agent.
enum TurnsReader {
  /// Of words that a listener says; a language has a few dozen.
  private static let maximumBackchannels = 500

  static func read(_ section: Section, into turns: inout TurnDetectionSettings) {
    if let kind = section.present("type")?.choice(of: TurnDetectionSettings.Kind.allCases) { turns.kind = kind }
    if let value = section.present("eagerness") {
      if let eagerness = value.choice(of: TurnDetectionSettings.Eagerness.allCases) { turns.eagerness = eagerness }
      if turns.kind == .serverVAD {
        value.report("goes with type: semantic_vad only; for server_vad, set silence_duration_ms")
      }
    }
    if let value = section.present("threshold") {
      if let threshold = value.number(in: 0...1) { turns.threshold = threshold }
      if turns.kind == .semanticVAD {
        value.report("goes with type: server_vad only; for semantic_vad, set eagerness")
      }
    }
    section.integer("prefix_padding_ms", 0...5000, into: &turns.prefixPaddingMilliseconds)
    section.integer("silence_duration_ms", 100...10_000, into: &turns.silenceDurationMilliseconds)
  }

  static func read(_ section: Section, into interruptions: inout InterruptionSettings) {
    section.boolean("resume", into: &interruptions.resume)
    section.integer("no_words_ms", 200...10_000, into: &interruptions.noWordsMilliseconds)
    guard let value = section.present("backchannels"), let words = value.texts() else { return }
    if words.contains("") { value.report("has an empty entry") }
    if words.count > maximumBackchannels { value.report("has more than \(maximumBackchannels) entries") }
    interruptions.backchannels = words.map { $0.lowercased() }
  }
}
