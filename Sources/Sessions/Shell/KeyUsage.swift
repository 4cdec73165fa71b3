import Realtime
import Resilience
import Runtime
import Synchronization
import VivaConfiguration

/// What one server key has spent of its minute, over all its sessions.
final class KeyUsage: ResponseBudget {
  private struct Limits {
    var requests: RollingLimit
    var tokens: RollingLimit
  }

  private let limits: Mutex<Limits>

  init(_ settings: LimitSettings) {
    limits = Mutex(
      Limits(
        requests: RollingLimit(perMinute: settings.responsesPerMinute),
        tokens: RollingLimit(perMinute: settings.tokensPerMinute)))
  }

  func admitResponse(at now: Instant) -> (isAdmitted: Bool, limits: [RateLimit]) {
    limits.withLock { limits in
      let isAdmitted = limits.tokens.remaining(at: now) > 0 && limits.requests.take(1, at: now)
      return (
        isAdmitted,
        [limits.requests.rateLimit("requests", at: now), limits.tokens.rateLimit("tokens", at: now)]
      )
    }
  }

  func spend(tokens: Int) {
    limits.withLock { $0.tokens.spend(tokens, at: .now) }
  }
}

extension RollingLimit {
  fileprivate func rateLimit(_ name: String, at now: Instant) -> RateLimit {
    RateLimit(name: name, limit: perMinute, remaining: remaining(at: now), resetSeconds: resetSeconds(at: now))
  }
}
