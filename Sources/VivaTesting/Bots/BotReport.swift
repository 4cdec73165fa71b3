/// What bots went through, all together.
public struct BotReport: Sendable {
  public var utterances = 0
  public var transcripts = 0
  /// Last voiced sample → first audio of the answer.
  public var responseLatencies: [Duration] = []
  public var audioMilliseconds = 0
  /// How far ahead of its playing time audio came, at most.
  public var mostAhead = Duration.zero
  /// By status.
  public var responses: [String: Int] = [:]
  /// How late a bot sent a piece of its audio, at most: the load tool's own fault.
  public var latest = Duration.zero
  /// How often, by kind.
  public var errors: [String: Int] = [:]
  /// Of bots over WebRTC.
  public var calls = CallFigures()

  public init() {}

  public var errorCount: Int { errors.values.reduce(0, +) }
  public var responseCount: Int { responses.values.reduce(0, +) }

  mutating func add(_ finding: BotFinding) {
    switch finding {
    case .spoke: utterances += 1
    case .answered(let latency): responseLatencies.append(latency)
    case .heard(let milliseconds, let ahead):
      audioMilliseconds += milliseconds
      mostAhead = max(mostAhead, ahead)
    case .responded(let status): responses[status, default: 0] += 1
    case .transcribed: transcripts += 1
    case .late(let delay): latest = max(latest, delay)
    case .failed(let kind): errors[kind, default: 0] += 1
    }
  }

  public mutating func add(_ other: BotReport) {
    utterances += other.utterances
    transcripts += other.transcripts
    responseLatencies += other.responseLatencies
    audioMilliseconds += other.audioMilliseconds
    mostAhead = max(mostAhead, other.mostAhead)
    responses.merge(other.responses, uniquingKeysWith: +)
    latest = max(latest, other.latest)
    errors.merge(other.errors, uniquingKeysWith: +)
    calls.add(other.calls)
  }

  /// The response latency at `quantile` (0...1), nearest rank; nil without answers.
  public func latency(_ quantile: Double) -> Duration? {
    responseLatencies.quantile(quantile)
  }
}
