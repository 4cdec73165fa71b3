import Runtime

extension Ladder {
  /// What the user still has (requirements §1.4).
  public enum Level: Int, Sendable, CaseIterable, Comparable {
    /// Real-time speech, LLM conductor, AI evaluation.
    case full = 1
    /// Real-time speech, LLM conductor, human scoring.
    case reducedAI
    /// The agent's fixed questions; speech at least one way.
    case predefined
    /// Text chat.
    case basic
    /// An apology and an offer to reschedule.
    case fallback

    public static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }
  }

  public enum Modality: String, Sendable { case voice, text }

  /// Where the agent's words come from.
  public enum Questions: String, Sendable {
    case model
    /// The agent's question bank, or its stock phrases where it has none.
    case bank
  }

  public enum Capability: String, Sendable, CaseIterable { case asr, tts, llm, conductor, evaluation }

  /// Who answered for a capability.
  public enum Source: String, Sendable {
    case primary
    /// Another, while the primary's breaker is not closed.
    case backup
  }

  public enum LinkQuality: String, Sendable {
    case good
    /// Features are reduced: level 2.
    case degraded
    /// No voice can be understood over it.
    case unusable
  }

  /// Who may hold the level down.
  public enum Holder: String, Sendable, CaseIterable {
    case `operator`
    /// The node, under overload.
    case overload
  }

  /// What happens to a session's ladder.
  public enum Input: Sendable, Equatable {
    /// A call or a probe was answered.
    case works(Capability, by: Source = .primary)
    /// No provider of it answered: a failure of a whole call with all its backups, or of all their probes.
    case fails(Capability)
    /// From the user and to the user, smoothed.
    case network(up: LinkQuality, down: LinkQuality)
    /// No better level than this; `.full` lifts it.
    case floor(Level, by: Holder)
    /// Of a final transcript, 0...1.
    case confidence(Double)
    /// `nextDeadline` has come.
    case deadline
  }

  /// Why a level changed; the raw value is a metric's label and the client's `reason`.
  public enum Reason: String, Sendable, CaseIterable {
    case asrFailed = "asr_failed"
    case ttsFailed = "tts_failed"
    case llmFailed = "llm_failed"
    /// A backup serves in the place of the primary LLM.
    case llmImpaired = "llm_impaired"
    case conductorFailed = "conductor_failed"
    case evaluationFailed = "evaluation_failed"
    /// Nothing has been left for too long.
    case outage
    case network
    case overload
    case `operator` = "operator"
    case lowConfidence = "low_confidence"
    case confidenceRestored = "confidence_restored"
    case recovered
  }

  public struct Settings: Sendable, Equatable {
    /// Between two steps up, and from a step down to the first step up after it.
    public var upInterval = Duration.seconds(3)
    /// Answers in a row before a capability that was lost counts as recovered; at least 1.
    public var successfulProbes = 2
    /// A step down so soon after a step up is a relapse: each doubles the wait for the first step up. Each such time
    /// without a step down halves it again.
    public var relapseWindow = Duration.seconds(300)
    /// The wait for the first step up never grows longer.
    public var longestUpInterval = Duration.seconds(120)
    /// How long the user is kept by text when nothing is left to talk to, before level 5. A worker that is restarted is back by
    /// then, and requirements §1.7 offer a reschedule after 60 s at most. Zero: at once.
    public var outagePatience = Duration.seconds(30)
    /// Without one, an agent whose LLM is lost has nothing to say, which is an outage, too.
    public var hasQuestionBank = true
    /// Mean confidence below which the user may correct transcripts (requirements §1.4), and from which no more.
    public var lowConfidence = 0.7
    public var restoredConfidence = 0.8

    public init() {}
  }
}

/// What the client is told in `viva.ladder.changed`.
public struct LadderChange: Sendable, Equatable {
  /// The same as `to` where only something else changed.
  public var from: Ladder.Level
  public var to: Ladder.Level
  public var reason: Ladder.Reason
  /// From when on it holds.
  public var since: Instant
  /// How the user is understood.
  public var input: Ladder.Modality
  /// How the agent is heard.
  public var output: Ladder.Modality
  public var questions: Ladder.Questions
  /// The user may correct their transcripts.
  public var offersCorrection: Bool
}
