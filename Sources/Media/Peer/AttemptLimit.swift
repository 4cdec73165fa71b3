import Runtime

/// How often a peer looks at SRTP from addresses without a check: 100 times a second, 50 at once (the generic cell rate
/// algorithm). Whoever has guessed or heard an SSRC costs no more than that, and what a caller sends from a new address
/// before it is confirmed, a packet each 10 ms at most, finds room.
struct AttemptLimit: Sendable {
  static let perSecond = 100
  static let burst = 50
  private static let interval = 1_000_000_000 / Int64(perSecond)

  /// When all of the burst will be there again, in nanoseconds.
  private var full = Int64.min

  /// Takes one; false when there is none.
  mutating func allows(at now: Instant) -> Bool {
    let full = max(full, now.nanoseconds)
    guard full &- now.nanoseconds <= Int64(Self.burst - 1) * Self.interval else { return false }
    self.full = full &+ Self.interval
    return true
  }
}
