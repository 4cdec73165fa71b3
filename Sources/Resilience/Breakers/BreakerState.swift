import Runtime

extension CircuitBreaker {
  /// Resilience4j's states and names.
  public enum State: String, Sendable, CaseIterable {
    /// All calls are let through and counted.
    case closed
    /// None is, until the wait is over or probes have succeeded.
    case open
    /// A few are, to see whether the provider has recovered.
    case halfOpen = "half_open"
    /// None is, until an operator says otherwise.
    case forcedOpen = "forced_open"
    /// All are, and nothing is counted, until an operator says otherwise.
    case disabled
  }

  /// Why a state changed; the raw value is a metric's label.
  public enum Reason: String, Sendable, CaseIterable {
    case consecutiveFailures = "consecutive_failures"
    case failureRate = "failure_rate"
    case slowCallRate = "slow_call_rate"
    /// The server said when it wants to be asked again.
    case retryAfter = "retry_after"
    /// The open state has lasted its time.
    case waitOver = "wait_over"
    case probesSucceeded = "probes_succeeded"
    case probeFailed = "probe_failed"
    /// A call that was made all the same was answered.
    case callSucceeded = "call_succeeded"
    case trialFailed = "trial_failed"
    case trialSlow = "trial_slow"
    case trialsSucceeded = "trials_succeeded"
    case `operator` = "operator"
  }

  public struct Transition: Sendable, Equatable {
    public var from: State
    public var to: State
    public var reason: Reason
    public var at: Instant
  }

  /// Names a call that was let through. How it ended is told once, by `succeeded`, `failed` or `ignored`; what comes
  /// after the state has changed, or a second time, counts for nothing.
  public struct Permit: Sendable, Hashable {
    let generation: UInt64
    /// Of a trial in half-open; 0 for other calls.
    let trial: UInt64
  }

  public enum Permission: Sendable, Equatable {
    case granted(Permit)
    /// - Parameter retryAfter: When the answer may be another; nil where only an operator or the end of another call
    ///   can change it.
    case denied(retryAfter: Duration?)

    public var permit: Permit? {
      if case .granted(let permit) = self { permit } else { nil }
    }
  }
}
