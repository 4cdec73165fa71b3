import Foundation

/// How long a silence must be before it ends a turn under `semantic_vad`, by what is known of the turn.
///
/// What an end-of-turn model hears and what the words say are weighed together as log-odds that the speaker is done:
/// sure of that, the wait is shorter than a plain `server_vad`'s; sure of the opposite, it is as long as the eagerness
/// allows. A pure value: ask again whenever there is news.
struct EndOfTurnPolicy: Sendable {
  /// As `eagerness` of OpenAI Realtime, where `auto` is `medium`.
  enum Eagerness: Sendable, CaseIterable {
    case low, medium, high
  }

  var eagerness: Eagerness
  /// The turn's language, as an IETF tag; nil is taken for English. In others only punctuation is read.
  var language: String?

  init(eagerness: Eagerness, language: String? = nil) {
    self.eagerness = eagerness
    self.language = language
  }

  /// Log-odds beyond which there is nothing more to be sure of.
  private static let certain = 3.0
  /// What the model's log-odds count for. It is trained on people; with synthetic voices, on which the numbers here
  /// were tuned (loadtest/measure/end_of_turn.py), a greater weight costs more time than it spares cut-offs.
  private static let modelWeight = 0.3

  /// - Parameters:
  ///   - probability: 0...1, the model's that the speaker is done; nil while it has not answered, or has failed.
  ///   - transcript: What is heard of the turn so far; nil or empty when that is nothing yet.
  ///   - isTranscriptDue: The recogniser has yet to tell what was said before the silence: a busy one is waited for a
  ///     little, since the words are the better evidence.
  /// - Returns: Milliseconds of silence that end the turn. Never less than a quarter of a second, and at most 8, 4 or
  ///   2 s by eagerness.
  func silence(probability: Double?, transcript: String?, isTranscriptDue: Bool = false) -> Int {
    let wait = silence(probability, transcript)
    return isTranscriptDue ? max(wait, waits.forWords) : wait
  }

  private func silence(_ probability: Double?, _ transcript: String?) -> Int {
    let text = transcript.map { TurnText($0, language: language).completeness } ?? .unknown
    guard probability != nil || text != .unknown else { return waits.unsure }
    let evidence = Self.evidence(of: probability) + Self.evidence(of: text)
    let share = min(1, abs(evidence) / Self.certain)
    let end = evidence > 0 ? waits.shortest : waits.longest
    return Int(Double(waits.unsure) * pow(Double(end) / Double(waits.unsure), share))
  }

  private var waits: (shortest: Int, unsure: Int, forWords: Int, longest: Int) {
    switch eagerness {
    case .low: (400, 700, 1200, 8000)
    case .medium: (280, 600, 900, 4000)
    case .high: (250, 500, 700, 2000)
    }
  }

  private static func evidence(of probability: Double?) -> Double {
    guard let probability, probability.isFinite else { return 0 }
    let bounded = min(max(probability, 0.01), 0.99)
    return modelWeight * log(bounded / (1 - bounded))
  }

  private static func evidence(of text: TurnText.Completeness) -> Double {
    switch text {
    case .answer: 2
    case .sentence: 1.2
    case .unknown: 0
    case .openEnded: -1.5
    case .incomplete: -3
    }
  }
}
