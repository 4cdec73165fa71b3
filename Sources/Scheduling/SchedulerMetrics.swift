import Runtime

/// What became of a class's requests, since the start.
public struct ClassMetrics: Sendable {
  public internal(set) var submitted: UInt64 = 0
  /// Starts, those after a requeue too.
  public internal(set) var started: UInt64 = 0
  /// Calls that their worker ended; `failed` those that it ended with an error.
  public internal(set) var finished: UInt64 = 0
  public internal(set) var failed: UInt64 = 0
  /// Ended by the user's or client's own cancel.
  public internal(set) var cancelled: UInt64 = 0
  public internal(set) var refused: [RefusalReason: UInt64] = [:]
  /// First starts after the deadline. Stays 0 unless `advance` is called late.
  public internal(set) var startedLate: UInt64 = 0
  /// Cancelled for CRITICAL.
  public internal(set) var preempted: UInt64 = 0
  public internal(set) var requeued: UInt64 = 0
  /// Sent to the class below.
  public internal(set) var downgraded: UInt64 = 0
  /// From arrival to the first start.
  public internal(set) var waits = WaitHistogram()
  var slotTime: Int64 = 0
  var wasted: Int64 = 0

  /// Slots that it had, times how long.
  public var slotSeconds: Double { Double(slotTime) / 1e9 }
  /// Of those, what went to runs that were cancelled or lost.
  public var wastedSlotSeconds: Double { Double(wasted) / 1e9 }
  /// Refused for whatever reason.
  public var refusals: UInt64 { refused.values.reduce(0, +) }

  mutating func add(_ other: ClassMetrics) {
    submitted += other.submitted
    started += other.started
    finished += other.finished
    failed += other.failed
    cancelled += other.cancelled
    refused.merge(other.refused, uniquingKeysWith: +)
    startedLate += other.startedLate
    preempted += other.preempted
    requeued += other.requeued
    downgraded += other.downgraded
    waits.add(other.waits)
    slotTime &+= other.slotTime
    wasted &+= other.wasted
  }
}

/// All lanes, or one of them.
public struct SchedulerMetrics: Sendable {
  /// By `Priority.rawValue`.
  private var byClass: [ClassMetrics]
  /// Requests that wait, by `Priority.rawValue`.
  private var depths: [Int]
  /// Slots that there were, times how long.
  public let capacitySlotSeconds: Double
  public let decisions: UInt64

  init(_ byClass: [ClassMetrics], depths: [Int], capacityTime: Int64, decisions: UInt64) {
    self.byClass = byClass
    self.depths = depths
    capacitySlotSeconds = Double(capacityTime) / 1e9
    self.decisions = decisions
  }

  public subscript(priority: Priority) -> ClassMetrics { byClass[Int(priority.rawValue)] }
  public func depth(_ priority: Priority) -> Int { depths[Int(priority.rawValue)] }

  /// The part of the slot-time that was used, 0...1.
  public var utilisation: Double {
    capacitySlotSeconds > 0 ? byClass.reduce(0) { $0 + $1.slotSeconds } / capacitySlotSeconds : 0
  }
}

extension Scheduler {
  /// - Parameter lane: nil for all.
  /// - Complexity: the size of the histograms; for scrapes and tests, not for each call.
  public func metrics(of lane: LaneID? = nil) -> SchedulerMetrics {
    var sums = Priority.allCases.map { _ in ClassMetrics() }
    var depths = [0, 0, 0, 0]
    var capacityTime: Int64 = 0
    for number in lanes.indices where lane == nil || lane?.index == number {
      capacityTime &+= lanes[number].capacityTime
      for priority in 0..<4 {
        sums[priority].add(classes[number * 4 + priority].metrics)
        depths[priority] += classes[number * 4 + priority].depth
      }
    }
    return SchedulerMetrics(sums, depths: depths, capacityTime: capacityTime, decisions: decisions)
  }
}
