import Scheduling

/// What came of a trace.
public struct Outcome: Sendable {
  public struct Class: Sendable {
    public var submitted = 0
    /// Nanoseconds from arrival to first start, of those that started.
    public var waits: [Int64] = []
    public var refused: [RefusalReason: Int] = [:]
    public var finished = 0
    public var cancelled = 0
    public var preempted = 0
    public var requeued = 0
    /// Slot-nanoseconds of runs that came to their end within the time of the arrivals; so too what was wasted.
    public var useful: Int64 = 0
    /// Of runs that were cancelled for others or lost.
    public var wasted: Int64 = 0
    /// Slot-nanoseconds in each second.
    public var slotTime: [Int64] = []

    /// Refused, as a part of those that came.
    public var missed: Double { submitted == 0 ? 0 : Double(refused.values.reduce(0, +)) / Double(submitted) }

    /// Milliseconds.
    public func wait(_ quantile: Double) -> Double {
      let sorted = waits.sorted()
      guard !sorted.isEmpty else { return 0 }
      return Double(sorted[min(sorted.count - 1, Int(quantile * Double(sorted.count)))]) / 1e6
    }

    /// The least part of `slots` that it had in any 60 s between two points of time, in seconds.
    public func leastShare(slots: Int, from start: Int, to end: Int) -> Double {
      guard end - start >= 60 else { return 1 }
      let least = (start...end - 60).map { second in slotTime[second..<second + 60].reduce(0, +) }.min() ?? 0
      return Double(least) / (60e9 * Double(slots))
    }
  }

  public var classes = Array(repeating: Class(), count: 4)
  /// Rules that were broken.
  public var violations: [String] = []
  /// How long requests came.
  public var seconds = 0

  public init() {}

  public subscript(priority: Priority) -> Class { classes[Int(priority.rawValue)] }

  /// The outcomes of several seeds as one.
  public mutating func add(_ other: Outcome) {
    seconds += other.seconds
    violations += other.violations
    for index in classes.indices {
      classes[index].submitted += other.classes[index].submitted
      classes[index].waits += other.classes[index].waits
      classes[index].refused.merge(other.classes[index].refused, uniquingKeysWith: +)
      classes[index].finished += other.classes[index].finished
      classes[index].cancelled += other.classes[index].cancelled
      classes[index].preempted += other.classes[index].preempted
      classes[index].requeued += other.classes[index].requeued
      classes[index].useful += other.classes[index].useful
      classes[index].wasted += other.classes[index].wasted
    }
  }
}
