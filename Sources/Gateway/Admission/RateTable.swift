import Resilience
import Runtime

/// A limit a minute for each of many names: keys, addresses. A bucket for each, of which only those that are not full
/// need be kept; their number is bounded.
struct RateTable: Sendable {
  let perMinute: Int
  private let maximumCount: Int
  private var buckets: [String: TokenBucket] = [:]

  init(perMinute: Int, maximumCount: Int = 10_000) {
    self.perMinute = perMinute
    self.maximumCount = maximumCount
  }

  /// How many names are kept.
  var count: Int { buckets.count }

  /// How long `name` has to wait; nil when it may go on now.
  func wait(for name: String, at now: Instant) -> Duration? {
    guard let wait = buckets[name]?.wait(for: 1, at: now), wait > .zero else { return nil }
    return wait
  }

  /// Counts one.
  ///
  /// - Returns: how long `name` has to wait, and then it does not count; nil when it may go on.
  mutating func take(_ name: String, at now: Instant) -> Duration? {
    if buckets[name] == nil, buckets.count >= maximumCount { makeRoom(at: now) }
    var bucket = buckets[name] ?? TokenBucket(rate: Double(perMinute) / 60, burst: Double(perMinute), at: now)
    defer { buckets[name] = bucket }
    return bucket.take(1, at: now) ? nil : bucket.wait(for: 1, at: now)
  }

  /// Forgets names whose bucket is full again; if there are none, the tenth that has most left, whom it costs least.
  private mutating func makeRoom(at now: Instant) {
    let full = Double(perMinute)
    buckets = buckets.filter { $0.value.available(at: now) < full }
    guard buckets.count >= maximumCount else { return }
    let fullest = buckets.sorted { $0.value.available(at: now) > $1.value.available(at: now) }
    for (name, _) in fullest.prefix(max(1, maximumCount / 10)) { buckets[name] = nil }
  }
}
