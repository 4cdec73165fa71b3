import Synchronization

/// How the last call to each provider ended, for who looks on; hands all on to another observer.
public final class LastOutcomes: WorkerObserver, ToolObserver {
  private let next: any WorkerObserver & ToolObserver
  /// By provider.
  private let outcomes = Mutex<[String: String]>([:])

  public init(_ next: any WorkerObserver & ToolObserver) {
    self.next = next
  }

  /// `ok`, `cancelled`, `preempted` or the raw value of a `WorkerError.Kind`; nil before the first call's end.
  public subscript(provider: String) -> String? {
    outcomes.withLock { $0[provider] }
  }

  public func requestFinished(
    kind: WorkerKind, provider: String, outcome: String, firstResult: Duration?, total: Duration
  ) {
    outcomes.withLock { $0[provider] = outcome }
    next.requestFinished(kind: kind, provider: provider, outcome: outcome, firstResult: firstResult, total: total)
  }

  public func toolCallFinished(tool: String, outcome: String, attempts: Int, total: Duration) {
    next.toolCallFinished(tool: tool, outcome: outcome, attempts: attempts, total: total)
  }
}
