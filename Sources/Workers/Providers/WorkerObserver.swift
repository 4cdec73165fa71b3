/// The three kinds of worker a conversation needs, and one that it can do without.
public enum WorkerKind: String, Sendable, CaseIterable {
  case asr, llm, tts
  case endOfTurn = "end_of_turn"
}

/// Is told how every request to every provider ended, so that metrics can be kept.
public protocol WorkerObserver: Sendable {
  /// Called once for each request to a provider, from any thread.
  ///
  /// - Parameters:
  ///   - outcome: `ok`, `cancelled`, or the raw value of a `WorkerError.Kind`.
  ///   - firstResult: From the request (for ASR: from the end of the audio) to the first result (for ASR:
  ///     the final text); nil if there was none.
  ///   - total: From the request to its end.
  func requestFinished(
    kind: WorkerKind, provider: String, outcome: String, firstResult: Duration?, total: Duration)
}
