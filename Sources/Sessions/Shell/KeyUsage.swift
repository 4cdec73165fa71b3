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

  func admitResponse(reserving tokens: Int, at now: Instant) -> ResponseAdmission {
    limits.withLock { limits in
      let left = limits.tokens.remaining(at: now)
      let isAdmitted = left > 0 && limits.requests.take(1, at: now)
      let reserved = isAdmitted ? max(0, min(tokens, left)) : 0
      limits.tokens.spend(reserved, at: now)
      return ResponseAdmission(
        isAdmitted: isAdmitted, reserved: reserved,
        limits: [limits.requests.rateLimit("requests", at: now), limits.tokens.rateLimit("tokens", at: now)])
    }
  }

  func settle(reserved: Int, used: Int, at now: Instant) {
    limits.withLock { limits in
      limits.tokens.giveBack(reserved, at: now)
      limits.tokens.spend(used, at: now)
    }
  }
}

extension RollingLimit {
  fileprivate func rateLimit(_ name: String, at now: Instant) -> RateLimit {
    RateLimit(name: name, limit: perMinute, remaining: remaining(at: now), resetSeconds: resetSeconds(at: now))
  }
}
