import Runtime

/// A limit on a rate that allows bursts: a bucket that fills evenly, and that each request takes from.
///
/// Arguments may come from the network: no number makes it trap, and one that is no number (NaN) is never enough.
public struct TokenBucket: Sendable {
  /// What `wait(for:at:)` says when there will never be enough.
  public static let longestWait = Duration.seconds(86_400)

  /// Beyond this, a `Double` would lose single tokens.
  private static let largest = 1e15

  /// A second.
  public let rate: Double
  /// The most it holds.
  public let burst: Double
  /// Below zero for what was spent before it was there.
  private var level: Double
  private var updated: Instant

  /// A full bucket. A negative number or NaN counts as zero.
  public init(rate: Double, burst: Double, at now: Instant) {
    self.rate = Self.bounded(rate)
    self.burst = Self.bounded(burst)
    level = self.burst
    updated = now
  }

  /// Takes `amount` if there is enough; else takes nothing. A negative amount counts as zero.
  public mutating func take(_ amount: Double, at now: Instant) -> Bool {
    refill(at: now)
    let amount = Self.wanted(amount)
    guard amount <= level else { return false }
    level -= amount
    return true
  }

  /// Takes `amount` in any case, for what has happened already. What is missing must be refilled before anything can
  /// be taken again. A negative amount and NaN count as zero.
  public mutating func spend(_ amount: Double, at now: Instant) {
    refill(at: now)
    level = max(level - Self.bounded(amount), -Self.largest)
  }

  /// Puts back what was taken and not used. A negative amount and NaN count as zero.
  public mutating func giveBack(_ amount: Double, at now: Instant) {
    refill(at: now)
    level = min(level + Self.bounded(amount), burst)
  }

  /// At most `burst`; negative after too much was spent.
  public func available(at now: Instant) -> Double {
    min(level + rate * elapsed(at: now), burst)
  }

  /// How long until `take(amount)` will succeed; zero when there is enough, and `longestWait` when that is further
  /// away than it, or never.
  public func wait(for amount: Double, at now: Instant) -> Duration {
    let available = available(at: now)
    let amount = Self.wanted(amount)
    if amount <= available { return .zero }
    guard amount <= burst else { return Self.longestWait }
    let seconds = (amount - available) / rate
    guard seconds < Self.longestWait.inSeconds else { return Self.longestWait }
    // Rounded up, and one more for the rounding of the refill: who waits this long is not turned away again.
    return .nanoseconds(Int64(seconds * 1e9) + 2)
  }

  private mutating func refill(at now: Instant) {
    level = available(at: now)
    updated = max(updated, now)
  }

  /// In seconds; never negative.
  private func elapsed(at now: Instant) -> Double {
    guard now > updated else { return 0 }
    let (nanoseconds, overflow) = now.nanoseconds.subtractingReportingOverflow(updated.nanoseconds)
    return Double(overflow ? .max : nanoseconds) / 1e9
  }

  private static func wanted(_ amount: Double) -> Double {
    amount.isNaN ? .infinity : max(0, amount)
  }

  private static func bounded(_ number: Double) -> Double {
    number > 0 ? min(number, largest) : 0
  }
}
