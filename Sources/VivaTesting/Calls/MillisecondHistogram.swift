import Runtime

/// How often something took how long, by the millisecond. Counting takes no memory.
public struct MillisecondHistogram: Sendable, Equatable {
  /// What takes longer counts as this in quantiles.
  private static let limit = 2000

  private var counts = [UInt32](repeating: 0, count: limit + 1)
  public private(set) var count = 0
  public private(set) var longest = Duration.zero

  public init() {}

  mutating func add(_ duration: Duration) {
    counts[max(0, min(Self.limit, duration.milliseconds))] &+= 1
    count += 1
    longest = max(longest, duration)
  }

  mutating func add(_ other: MillisecondHistogram) {
    guard other.count > 0 else { return }
    for index in counts.indices { counts[index] &+= other.counts[index] }
    count += other.count
    longest = max(longest, other.longest)
  }

  /// In whole milliseconds, at 0...1, nearest rank; nil when nothing was counted.
  public func quantile(_ quantile: Double) -> Int? {
    guard count > 0 else { return nil }
    var left = max(1, min(count, Int((quantile * Double(count)).rounded(.up))))
    for (milliseconds, count) in counts.enumerated() {
      left -= Int(count)
      if left <= 0 { return milliseconds }
    }
    return Self.limit
  }

  /// How many took at least so many milliseconds.
  public func count(from milliseconds: Int) -> Int {
    counts[min(Self.limit, milliseconds)...].reduce(0) { $0 + Int($1) }
  }
}
