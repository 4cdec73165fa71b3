/// `answer_cache:`, answers of language models that are said again when none answers. Off where it is not there.
public struct AnswerCacheSettings: Sendable, Equatable {
  /// How long an answer may be said again, in seconds: 1...604800.
  public var lifetimeSeconds = 3600
  /// 1...1000000.
  public var maximumEntries = 1000
  /// Of all answers: 1024...1073741824.
  public var maximumBytes = 4 << 20

  public init() {}
}
