/// A way for a provider to fail on purpose, at Viva's edge of it: what an adapter would make of such a worker.
public enum Fault: String, Sendable, CaseIterable {
  case error500 = "error_500"
  case retryAfter429 = "retry_after_429"
  /// It stalls in mid-stream; an ASR before its text.
  case hang
  case slowFirstByte = "slow_first_byte"
  /// It speaks silence.
  case zeroAudio = "zero_audio"
  /// It answers, and says nothing.
  case empty
  /// What it sends is not of its protocol.
  case garbage

  /// What `retryAfter429` asks for.
  static let retryAfter = Duration.seconds(10)

  public static func faults(of kind: WorkerKind) -> [Fault] {
    switch kind {
    case .asr, .llm: [.error500, .retryAfter429, .hang, .slowFirstByte, .empty, .garbage]
    case .tts: [.error500, .retryAfter429, .hang, .slowFirstByte, .zeroAudio, .garbage]
    case .endOfTurn: []
    }
  }

  /// Whether it answers nobody's probes either. The others are of workers that say they are well, and are not.
  var failsProbes: Bool {
    switch self {
    case .error500, .retryAfter429, .slowFirstByte, .garbage: true
    case .hang, .zeroAudio, .empty: false
    }
  }

  /// What a call ends with at once; nil where it comes to something else.
  func error(of worker: String) -> WorkerError? {
    switch self {
    case .error500: WorkerError(.refused, worker: worker, message: "a fault on purpose: HTTP 500", status: 500)
    case .retryAfter429:
      WorkerError(
        .refused, worker: worker, message: "a fault on purpose: HTTP 429", status: 429, retryAfter: Self.retryAfter)
    case .garbage: WorkerError(.malformed, worker: worker, message: "a fault on purpose: garbage")
    case .hang, .slowFirstByte, .zeroAudio, .empty: nil
    }
  }
}
