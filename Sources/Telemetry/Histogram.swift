/// How observed values spread over fixed buckets. Any thread, no lock.
public final class Histogram: Sendable {
  /// Upper bounds in seconds for what a conversation waits for: 1 ms to 10 s.
  public static let latencyBuckets: [Double] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10,
  ]

  /// Upper bounds, inclusive, ascending; one more bucket holds what lies above the last.
  let bounds: [Double]
  /// One a bucket, not cumulative.
  private let buckets: [Counter]
  private let sum = AtomicDouble()

  init(bounds: [Double]) {
    self.bounds = bounds
    buckets = (0...bounds.count).map { _ in Counter() }
  }

  /// A value that is no number is ignored: it would make the sum useless for ever.
  public func observe(_ value: Double) {
    guard value.isFinite else { return }
    buckets[bounds.firstIndex { value <= $0 } ?? bounds.count].increment()
    sum.add(value)
  }

  public func observe(seconds: Double) {
    observe(seconds)
  }

  public func observe(_ duration: Duration) {
    observe(duration / .seconds(1))
  }

  public var snapshot: Snapshot {
    Snapshot(counts: buckets.map(\.value), sum: sum.value)
  }

  public struct Snapshot: Sendable, Equatable {
    /// Observations in each bucket alone; the last is above every bound.
    public var counts: [UInt64]
    public var sum: Double

    public var count: UInt64 { counts.reduce(0, &+) }
  }
}
