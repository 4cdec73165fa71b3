/// What a session still offers its user, as `viva.ladder.changed` shows it.
public struct LadderStatus: Codable, Sendable, Equatable {
  /// Levels, 1 (full) to 5 (fallback); the same where only something else changed.
  public var from: Int
  public var to: Int
  /// Why: `asr_failed`, `recovered`, ….
  public var reason: String
  /// From when on it holds, in Unix seconds.
  public var since: Int
  /// How the user is understood: `voice` or `text`.
  public var input: String
  /// How the agent is heard: `voice` or `text`.
  public var output: String
  /// Where the agent's words come from: `model` or `bank`.
  public var questions: String
  /// The user may correct their transcripts with `viva.transcript.correct`.
  public var offersCorrection: Bool
  /// Words for the user, which are also spoken where a voice can say them.
  public var notice: String?

  public init(
    from: Int = 1, to: Int = 1, reason: String = "recovered", since: Int = 0, input: String = "voice",
    output: String = "voice", questions: String = "model", offersCorrection: Bool = false, notice: String? = nil
  ) {
    self.from = from
    self.to = to
    self.reason = reason
    self.since = since
    self.input = input
    self.output = output
    self.questions = questions
    self.offersCorrection = offersCorrection
    self.notice = notice
  }

  private enum CodingKeys: String, CodingKey {
    case from, to, reason, since, input, output, questions, notice
    case offersCorrection = "offers_correction"
  }
}
