import CLinux

/// A point on the monotonic clock. Time is an argument in Viva: state machines are handed an `Instant`,
/// tests make their own.
public struct Instant: InstantProtocol, Sendable, Hashable, Comparable {
  /// Since an arbitrary start that never changes while the machine runs.
  public var nanoseconds: Int64

  @inlinable
  public init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// `CLOCK_MONOTONIC`, a few tens of nanoseconds to read. Called by shells, not by cores.
  public static var now: Instant { Instant(nanoseconds: Int64(bitPattern: viva_mono_ns())) }

  public func advanced(by duration: Duration) -> Instant {
    Instant(nanoseconds: nanoseconds &+ duration.nanoseconds)
  }

  public func duration(to other: Instant) -> Duration {
    .nanoseconds(other.nanoseconds &- nanoseconds)
  }

  public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }
  public static func - (a: Instant, b: Instant) -> Duration { b.duration(to: a) }
  public static func + (a: Instant, b: Duration) -> Instant { a.advanced(by: b) }
}

extension Duration {
  /// Whole nanoseconds, saturating at about 292 years.
  public var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? (seconds < 0 ? .min : .max) : whole &+ attoseconds / 1_000_000_000
  }

  /// Whole milliseconds, rounded towards zero.
  public var milliseconds: Int { Int(nanoseconds / 1_000_000) }

  /// Seconds with their fraction.
  public var inSeconds: Double { Double(nanoseconds) / 1e9 }
}
