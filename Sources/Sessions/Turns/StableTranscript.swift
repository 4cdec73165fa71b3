/// Makes append-only deltas, as the protocol has them, from partial transcripts that may still be revised.
///
/// A word is stable once two partials in a row agree on everything up to it (LocalAgreement-2: Liu et al.,
/// "Low-Latency Sequence-to-Sequence Speech Recognition and Translation by Partial Hypothesis Selection", 2020).
struct StableTranscript: Sendable {
  private var previous: [Substring] = []
  /// What has gone out as deltas.
  private(set) var emitted = ""

  init() {}

  /// Takes the whole text so far; returns what has become stable.
  mutating func partial(_ text: String) -> String {
    let words = text.split(whereSeparator: \.isWhitespace)
    let agreed = zip(words, previous).prefix { $0 == $1 }.map { String($0.0) }
    previous = words.map { Substring(String($0)) }
    return advance(to: agreed.joined(separator: " "))
  }

  /// Takes the final text; returns the rest, or nothing when it contradicts what went out (the final event
  /// carries it whole).
  mutating func final(_ text: String) -> String {
    advance(to: text)
  }

  private mutating func advance(to text: String) -> String {
    guard text.count > emitted.count, text.hasPrefix(emitted) else { return "" }
    let delta = String(text.dropFirst(emitted.count))
    emitted = text
    return delta
  }
}
