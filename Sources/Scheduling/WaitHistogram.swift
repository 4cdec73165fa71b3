/// Waits, counted in buckets: eight for each doubling from 1 µs to over an hour, so a quantile is right to 13 %.
public struct WaitHistogram: Sendable, Hashable {
  private static let perDoubling = 8
  private var counts: [UInt64]
  public private(set) var count: UInt64 = 0
  /// Nanoseconds of all waits.
  public private(set) var sum: Int64 = 0
  public private(set) var longest: Duration = .zero
  private var most: Int64 = 0

  init() { counts = Array(repeating: 0, count: 33 * Self.perDoubling) }

  mutating func add(_ nanoseconds: Int64) {
    let wait = max(0, nanoseconds)
    counts[Self.bucket(wait)] += 1
    count += 1
    sum &+= wait
    if wait > most {
      most = wait
      longest = .nanoseconds(wait)
    }
  }

  mutating func add(_ other: WaitHistogram) {
    for index in counts.indices { counts[index] += other.counts[index] }
    count += other.count
    sum &+= other.sum
    most = max(most, other.most)
    longest = max(longest, other.longest)
  }

  /// The upper end of the bucket in which the quantile (0...1) lies, not above the longest wait; zero without waits.
  public func quantile(_ part: Double) -> Duration {
    let rank = UInt64((part * Double(count)).rounded(.up))
    var seen: UInt64 = 0
    for (index, number) in counts.enumerated() where number > 0 {
      seen += number
      if seen >= rank { return min(longest, .nanoseconds(Self.end(index))) }
    }
    return longest
  }

  private static func bucket(_ nanoseconds: Int64) -> Int {
    let microseconds = UInt64(nanoseconds / 1000)
    guard microseconds >= 8 else { return Int(microseconds) }
    let doubling = 63 - microseconds.leadingZeroBitCount
    let bucket = (doubling - 2) * perDoubling + Int(microseconds >> UInt64(doubling - 3) & 7)
    return min(bucket, 33 * perDoubling - 1)
  }

  private static func end(_ bucket: Int) -> Int64 {
    guard bucket >= 8 else { return Int64(bucket + 1) * 1000 }
    let doubling = bucket / perDoubling + 2
    return Int64(8 + bucket % perDoubling + 1) << Int64(doubling - 3) * 1000
  }
}
