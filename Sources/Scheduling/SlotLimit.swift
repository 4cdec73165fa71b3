import Runtime

/// How many calls an instance gets at once: what it has proved it can do. Additive increase, multiplicative decrease.
///
/// - A first result in time while all slots are taken: 1/limit more, that is one slot after a round of good results.
/// - A late one: a tenth less. A refusal by the worker (429, 503): 30 % less. At most one decrease a second, since all
///   calls of an overloaded worker are late together.
struct SlotLimit {
  private static let pause: Int64 = 1_000_000_000

  let most: Double
  private var limit: Double
  private var decreasedAt = Int64.min

  init(slots: Int, most: Int) {
    self.most = Double(most)
    limit = Double(slots)
  }

  /// 1...`most`. To the nearest, so that one late result does not halve an instance of two slots.
  var slots: Int { Int(limit.rounded()) }

  mutating func good(busy: Int) {
    guard busy >= slots else { return }
    limit = min(most, limit + 1 / limit)
  }

  mutating func late(at now: Int64) { decrease(to: 0.9, at: now) }

  mutating func refused(at now: Int64) { decrease(to: 0.7, at: now) }

  private mutating func decrease(to part: Double, at now: Int64) {
    guard decreasedAt == .min || now &- decreasedAt >= Self.pause else { return }
    decreasedAt = now
    limit = max(1, limit * part)
  }
}

/// How long a cancel takes at an instance: as declared, until it is measured. A longer one counts at once, shorter ones
/// bring it down by an eighth of the difference each.
struct CancelLatency {
  private(set) var nanoseconds: Int64

  init(declared: Duration) { nanoseconds = max(0, declared.nanoseconds) }

  mutating func measured(_ latency: Int64) {
    nanoseconds = latency > nanoseconds ? latency : nanoseconds - (nanoseconds - max(0, latency)) / 8
  }
}
