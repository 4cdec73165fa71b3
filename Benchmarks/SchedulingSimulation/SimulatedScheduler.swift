import Runtime
import Scheduling

/// What the simulation needs of a scheduler: Viva's, or one to compare with.
public protocol SimulatedScheduler {
  mutating func submit(_ request: SchedulerRequest, at now: Instant, into actions: inout [SchedulerAction]) -> RequestID
  mutating func finish(_ id: RequestID, succeeded: Bool, at now: Instant, into actions: inout [SchedulerAction])
  mutating func refusedByWorker(_ id: RequestID, at now: Instant, into actions: inout [SchedulerAction])
  mutating func cancel(_ id: RequestID, at now: Instant, into actions: inout [SchedulerAction])
  mutating func cancelled(_ id: RequestID, at now: Instant, into actions: inout [SchedulerAction])
  mutating func deviceFailed(_ device: DeviceID, at now: Instant, into actions: inout [SchedulerAction])
  mutating func deviceRecovered(_ device: DeviceID, at now: Instant, into actions: inout [SchedulerAction])
  mutating func advance(_ now: Instant, into actions: inout [SchedulerAction])
  var nextDeadline: Instant? { get }
}

extension Scheduler: SimulatedScheduler {}

/// The usual schedulers, with the same time-outs as Viva's (Triton's `timeout_action: REJECT`): a request that has not
/// started by its max wait is refused. None of them preempts.
public struct PlainScheduler: SimulatedScheduler {
  public enum Order: String, Sendable, CaseIterable {
    /// First come, first served.
    case fifo = "FIFO"
    /// The most urgent class first, always.
    case strict = "strict priority"
    /// The earliest deadline first, whichever class.
    case edf = "EDF"
  }

  private struct Waiting {
    var id: RequestID
    var arrival: Instant
    var deadline: Instant
  }

  private struct Queue {
    var entries: [Waiting] = []
    var start = 0
    var first: Waiting? { start < entries.count ? entries[start] : nil }
    mutating func removeFirst() { start += 1 }
  }

  private let order: Order
  private let policy = SchedulerPolicy()
  private let pool: GPUPool
  private var free: [Int]
  private var queues = Array(repeating: Queue(), count: 4)
  private var instances: [RequestID: Int] = [:]
  private var last: UInt64 = 0

  public init(_ order: Order, pool: GPUPool) {
    self.order = order
    self.pool = pool
    free = pool.instances.map(\.slots)
  }

  public mutating func submit(
    _ request: SchedulerRequest, at now: Instant, into actions: inout [SchedulerAction]
  ) -> RequestID {
    last += 1
    let id = RequestID(rawValue: last)
    queues[Int(request.priority.rawValue)].entries.append(
      Waiting(id: id, arrival: now, deadline: now + policy[request.priority].maxWait))
    fill(&actions)
    return id
  }

  public mutating func finish(
    _ id: RequestID, succeeded: Bool, at now: Instant, into actions: inout [SchedulerAction]
  ) {
    guard let instance = instances.removeValue(forKey: id) else { return }
    free[instance] += 1
    expire(before: now, &actions)
    fill(&actions)
  }

  public mutating func advance(_ now: Instant, into actions: inout [SchedulerAction]) {
    expire(before: now + .nanoseconds(1), &actions)
  }

  public var nextDeadline: Instant? { queues.compactMap(\.first?.deadline).min() }

  private mutating func expire(before now: Instant, _ actions: inout [SchedulerAction]) {
    for index in queues.indices {
      while let first = queues[index].first, first.deadline < now {
        queues[index].removeFirst()
        actions.append(.refuse(first.id, retryAfter: .seconds(1), .deadline))
      }
    }
  }

  private mutating func fill(_ actions: inout [SchedulerAction]) {
    while let instance = free.indices.max(by: { free[$0] < free[$1] }), free[instance] > 0 {
      let waiting = queues.indices.filter { queues[$0].first != nil }
      let next: Int? =
        switch order {
        case .fifo: waiting.min { queues[$0].first!.arrival < queues[$1].first!.arrival }
        case .strict: waiting.first
        case .edf: waiting.min { queues[$0].first!.deadline < queues[$1].first!.deadline }
        }
      guard let next, let first = queues[next].first else { return }
      queues[next].removeFirst()
      free[instance] -= 1
      instances[first.id] = instance
      actions.append(.start(first.id, pool.instance(named: pool.instances[instance].name)!))
    }
  }

  // Traces for these have no cancels and no faults.
  public mutating func refusedByWorker(_: RequestID, at _: Instant, into _: inout [SchedulerAction]) {}
  public mutating func cancel(_: RequestID, at _: Instant, into _: inout [SchedulerAction]) {}
  public mutating func cancelled(_: RequestID, at _: Instant, into _: inout [SchedulerAction]) {}
  public mutating func deviceFailed(_: DeviceID, at _: Instant, into _: inout [SchedulerAction]) {}
  public mutating func deviceRecovered(_: DeviceID, at _: Instant, into _: inout [SchedulerAction]) {}
}
