/// What one bot, or many together, went through.
public struct BotReport: Sendable {
  public var utterances = 0
  /// Last voiced sample sent → first audio of the answer.
  public var responseLatencies: [Duration] = []
  public var audioMilliseconds = 0
  /// How far ahead of its playing time audio came, at most.
  public var mostAhead = Duration.zero
  /// By status.
  public var responses: [String: Int] = [:]
  public var transcripts: [String] = []
  public var errors: [String] = []

  public init() {}

  public mutating func add(_ other: BotReport) {
    utterances += other.utterances
    responseLatencies += other.responseLatencies
    audioMilliseconds += other.audioMilliseconds
    mostAhead = max(mostAhead, other.mostAhead)
    responses.merge(other.responses, uniquingKeysWith: +)
    transcripts += other.transcripts
    errors += other.errors
  }

  /// The response latency at `quantile` (0...1), nearest rank; nil without answers.
  public func latency(_ quantile: Double) -> Duration? {
    guard !responseLatencies.isEmpty else { return nil }
    let rank = Int((quantile * Double(responseLatencies.count)).rounded(.up))
    return responseLatencies.sorted()[max(0, min(responseLatencies.count, rank) - 1)]
  }
}
