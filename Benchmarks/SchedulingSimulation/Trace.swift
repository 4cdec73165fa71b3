import Scheduling

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What happens to a scheduler from outside, in virtual time. Times are nanoseconds from the start.
public struct Trace: Sendable {
  public struct Arrival: Sendable {
    public var at: Int64
    public var lane = 0
    public var priority: Priority
    /// How long its worker needs for it.
    public var service: Int64
    public var affinity: UInt64 = 0
    /// When its client gives up; nil for never.
    public var cancelAt: Int64?
  }

  public struct Fault: Sendable {
    public var at: Int64
    public var device: Int
    public var isRecovery: Bool

    public init(at: Int64, device: Int, isRecovery: Bool) {
      self.at = at
      self.device = device
      self.isRecovery = isRecovery
    }
  }

  /// What a class is offered.
  public struct Load: Sendable {
    public var priority: Priority
    /// Part of the slots that it would keep busy.
    public var part: Double
    /// Mean of its exponential service times, in seconds.
    public var service: Double

    public init(_ priority: Priority, part: Double, service: Double) {
      self.priority = priority
      self.part = part
      self.service = service
    }
  }

  public var arrivals: [Arrival] = []
  public var faults: [Fault] = []
  public var duration: Int64

  public init(duration: Int64) { self.duration = duration }

  /// At 1.5 CRITICAL alone is 70 %: a reply takes 1 s, a question 1.5 s, an evaluation 4 s, analytics 8 s.
  public static func mix(total: Double) -> [Load] {
    [
      Load(.critical, part: total * 70 / 150, service: 1), Load(.high, part: total * 20 / 150, service: 1.5),
      Load(.medium, part: total * 25 / 150, service: 4), Load(.low, part: total * 35 / 150, service: 8),
    ]
  }

  /// Poisson arrivals, exponential service times.
  public static func poisson(_ loads: [Load], slots: Int, seconds: Int, seed: UInt64) -> Trace {
    var trace = Trace(duration: Int64(seconds) * 1_000_000_000)
    for load in loads where load.part > 0 {
      var random = SeededRandom(seed: seed &* 31 &+ UInt64(load.priority.rawValue))
      let rate = load.part * Double(slots) / load.service
      var at = 0.0
      while true {
        at += -log(random.unit()) / rate
        guard at < Double(seconds) else { break }
        // A quantum of 1 ms: no call is shorter.
        let service = max(0.001, -log(random.unit()) * load.service)
        trace.arrivals.append(
          Arrival(
            at: Int64(at * 1e9), priority: load.priority, service: Int64(service * 1e9), affinity: random.next() % 500))
      }
    }
    trace.arrivals.sort { $0.at < $1.at }
    return trace
  }
}
