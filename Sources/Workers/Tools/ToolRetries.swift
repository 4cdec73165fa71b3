import Resilience
import Runtime

/// When to try a call again. Sans-IO.
struct ToolRetries {
  private let profile: RetryProfile
  private let deadline: Instant
  private var count = 0

  /// - Parameter deadline: Of the whole call: no retry begins at or after it.
  init(_ profile: RetryProfile, deadline: Instant) {
    self.profile = profile
    self.deadline = deadline
  }

  /// How long to wait before the next attempt; nil when there is none. `Retry-After` makes it longer, up to the
  /// profile's longest delay.
  mutating func pause(
    after failure: ToolFailure, now: Instant, using random: inout some RandomNumberGenerator
  ) -> Duration? {
    guard failure.isRetryable, let delay = profile.delay(beforeRetry: count + 1, using: &random) else { return nil }
    let pause = max(delay, min(failure.retryAfter ?? .zero, profile.maxDelay))
    guard now + pause < deadline else { return nil }
    count += 1
    return pause
  }
}
