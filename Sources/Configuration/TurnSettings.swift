/// What `turn_detection` is at the start of this agent's sessions.
public struct TurnDetectionSettings: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    /// Silence ends a turn.
    case serverVAD = "server_vad"
    /// What was said, and how, ends a turn.
    case semanticVAD = "semantic_vad"
  }

  /// How soon `semantic_vad` takes a turn for ended.
  public enum Eagerness: String, Sendable, CaseIterable {
    case low, medium, high, auto
  }

  public var kind = Kind.serverVAD
  /// Of `semantic_vad`.
  public var eagerness = Eagerness.auto
  /// Of `server_vad`: 0...1.
  public var threshold = 0.5
  /// 0...5000.
  public var prefixPaddingMilliseconds = 300
  /// 100...10000.
  public var silenceDurationMilliseconds = 500

  public init() {}
}

/// What happens when the user's voice stops the agent, but the user has nothing to say.
public struct InterruptionSettings: Sendable, Equatable {
  /// The agent goes on where it stopped, after a false interruption.
  public var resume = true
  /// Sound that has given no word for this long was not speech: 200...10000.
  public var noWordsMilliseconds = 2000
  /// Words that a listener says without wanting the turn, in lower case.
  public var backchannels = [
    "mhm", "mm-hmm", "uh-huh", "yeah", "yes", "yep", "okay", "ok", "right", "sure", "i see", "got it", "hmm", "aha",
  ]

  public init() {}
}
