import Runtime

/// A budget a minute that comes back evenly, in the terms of OpenAI's `rate_limits.updated`: limit, remaining, and
/// the seconds until all of it is back.
///
/// Who has not used it for a minute may use all of it at once.
public struct RollingLimit: Sendable {
  public let perMinute: Int
  private var bucket: TokenBucket

  /// A full budget. A negative number counts as zero.
  public init(perMinute: Int) {
    self.perMinute = max(0, perMinute)
    let limit = Double(self.perMinute)
    bucket = TokenBucket(rate: limit / 60, burst: limit, at: Instant(nanoseconds: .min))
  }

  /// Takes `count` if that much remains; else takes nothing.
  public mutating func take(_ count: Int, at now: Instant) -> Bool {
    bucket.take(Double(count), at: now)
  }

  /// Takes `count` in any case, for what was used already.
  public mutating func spend(_ count: Int, at now: Instant) {
    bucket.spend(Double(count), at: now)
  }

  /// Puts back what was taken and not used.
  public mutating func giveBack(_ count: Int, at now: Instant) {
    bucket.giveBack(Double(count), at: now)
  }

  /// 0...`perMinute`.
  public func remaining(at now: Instant) -> Int {
    min(perMinute, Int(max(0, bucket.available(at: now))))
  }

  /// Until all of the budget is back.
  public func resetSeconds(at now: Instant) -> Double {
    perMinute == 0 ? 0 : max(0, Double(perMinute) - bucket.available(at: now)) / bucket.rate
  }

  /// How long until `take(count)` will succeed; zero when that much remains.
  public func wait(for count: Int, at now: Instant) -> Duration {
    bucket.wait(for: Double(count), at: now)
  }
}
