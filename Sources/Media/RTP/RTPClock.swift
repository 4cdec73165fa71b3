import Runtime

/// Turns times into the units of RTP timestamps.
struct RTPClock: Sendable {
  /// In Hz.
  let rate: UInt32

  /// Whole units in `duration`, rounded towards zero.
  func units(in duration: Duration) -> Int64 {
    let (seconds, rest) = duration.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return seconds &* Int64(rate) &+ rest &* Int64(rate) / 1_000_000_000
  }

  /// A time as a timestamp, on a scale which begins anywhere and goes round.
  func timestamp(at instant: Instant) -> UInt32 {
    UInt32(truncatingIfNeeded: units(in: .nanoseconds(instant.nanoseconds)))
  }

  func duration(of units: Int64) -> Duration {
    let (seconds, rest) = units.quotientAndRemainder(dividingBy: Int64(rate))
    return .seconds(seconds) + .nanoseconds(rest &* 1_000_000_000 / Int64(rate))
  }
}
