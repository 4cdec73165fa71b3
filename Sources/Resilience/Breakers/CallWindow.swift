/// How the last calls ended: a ring, and the sums over it, kept by adding what comes and subtracting what goes.
struct CallWindow: Sendable {
  private static let largest = 10_000

  private struct Outcome {
    var failed = false
    var slow = false
  }

  private let settings: BreakerSettings.SlidingWindow
  private let size: Int
  private var outcomes: [Outcome] = []
  /// Where the oldest is, once the ring is full.
  private var oldest = 0
  private var failures = 0
  private var slowCalls = 0

  init(_ settings: BreakerSettings.SlidingWindow) {
    self.settings = settings
    size = min(max(1, settings.slidingWindowSize), Self.largest)
  }

  func isSlow(_ firstResult: Duration) -> Bool {
    settings.slowCallDurationThreshold.map { firstResult > $0 } ?? false
  }

  /// Takes how a call ended; returns why that is reason to open, if it is.
  mutating func record(failed: Bool, slow: Bool) -> CircuitBreaker.Reason? {
    let outcome = Outcome(failed: failed, slow: slow)
    if outcomes.count < size {
      outcomes.append(outcome)
    } else {
      failures -= outcomes[oldest].failed ? 1 : 0
      slowCalls -= outcomes[oldest].slow ? 1 : 0
      outcomes[oldest] = outcome
      oldest = (oldest + 1) % size
    }
    failures += failed ? 1 : 0
    slowCalls += slow ? 1 : 0
    guard outcomes.count >= min(settings.minimumNumberOfCalls, size) else { return nil }
    if percent(failures) >= settings.failureRateThreshold, failures > 0 { return .failureRate }
    if percent(slowCalls) >= settings.slowCallRateThreshold, slowCalls > 0 { return .slowCallRate }
    return nil
  }

  mutating func reset() {
    outcomes.removeAll(keepingCapacity: true)
    oldest = 0
    failures = 0
    slowCalls = 0
  }

  private func percent(_ count: Int) -> Double {
    100 * Double(count) / Double(outcomes.count)
  }
}
