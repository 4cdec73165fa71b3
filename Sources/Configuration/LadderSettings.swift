/// `ladder:`, how sessions go down to text and come back, and what is said about it.
public struct LadderSettings: Sendable, Equatable {
  /// Between two steps up, in seconds: 0.1...600.
  public var upIntervalSeconds = 3.0
  /// Answers in a row before what was lost counts as recovered: 1...100.
  public var successfulProbes = 2
  /// A step down so soon after a step up doubles the wait for the next step up, in seconds: 1...86400.
  public var relapseWindowSeconds = 300.0
  /// That wait grows no longer, in seconds: 1...3600.
  public var longestUpIntervalSeconds = 120.0
  /// How long nothing may be left to talk to before level 5, in seconds: 0...3600.
  public var outagePatienceSeconds = 30.0
  /// Mean confidence of transcripts below which the user may correct them, and from which no more: 0...1.
  public var lowConfidence = 0.7
  public var restoredConfidence = 0.8
  public var overload = OverloadSettings()
  public var notices = LadderNotices()

  public init() {}
}

/// What the user is told when a session's level or modality changes.
public struct LadderNotices: Sendable, Equatable {
  /// ASR is lost; the agent still speaks.
  public var cannotHear = "I cannot hear you at the moment. Please type; I will keep speaking."
  /// TTS is lost; the user may still speak.
  public var cannotSpeak = "I cannot speak at the moment. You can keep talking; I will write."
  /// Both are lost.
  public var textMode = "Switching to text mode."
  public var voiceBack = "Voice is back."
  /// The agent asks its prepared questions.
  public var questions = "A brief technical issue. I will go on with prepared questions."
  /// Level 1 again, without the voice ever having been away.
  public var resolved = "Brief technical issue resolved."
  /// The user may correct their transcripts.
  public var lowConfidence = "I may misunderstand you. You can correct what I heard."
  /// Level 5.
  public var fallback = "I am sorry, I cannot go on at the moment. Please come back later."

  public init() {}
}
