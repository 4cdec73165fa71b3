import Runtime

@testable import Scheduling

/// A scheduler and the time, in a test's hand.
struct Harness {
  let pool: GPUPool
  var scheduler: Scheduler
  var now = Instant(nanoseconds: 0)

  init(_ pool: GPUPool, policy: SchedulerPolicy = SchedulerPolicy()) {
    self.pool = pool
    scheduler = Scheduler(pool: pool, policy: policy, at: now)
  }

  /// One mixed device with one LLM instance.
  init(slots: Int, policy: SchedulerPolicy = SchedulerPolicy()) throws {
    self.init(try GPUPool(devices: [.one("gpu", slots: slots)]), policy: policy)
  }

  mutating func submit(
    _ priority: Priority, _ kind: GPUPool.WorkerKind = .llm, affinity: UInt64 = 0
  ) -> (id: RequestID, actions: [SchedulerAction]) {
    var actions: [SchedulerAction] = []
    let id = scheduler.submit(
      SchedulerRequest(lane: pool.lane(kind)!, priority: priority, affinity: affinity), at: now, into: &actions)
    return (id, actions)
  }

  /// Submits as many, and gives their ids.
  mutating func submit(_ priority: Priority, count: Int) -> [RequestID] {
    (0..<count).map { _ in submit(priority).id }
  }

  mutating func finish(_ id: RequestID) -> [SchedulerAction] {
    var actions: [SchedulerAction] = []
    scheduler.finish(id, at: now, into: &actions)
    return actions
  }

  mutating func cancelled(_ id: RequestID) -> [SchedulerAction] {
    var actions: [SchedulerAction] = []
    scheduler.cancelled(id, at: now, into: &actions)
    return actions
  }

  mutating func cancel(_ id: RequestID) -> [SchedulerAction] {
    var actions: [SchedulerAction] = []
    scheduler.cancel(id, at: now, into: &actions)
    return actions
  }

  mutating func progress(_ id: RequestID) -> [SchedulerAction] {
    var actions: [SchedulerAction] = []
    scheduler.progress(id, at: now, into: &actions)
    return actions
  }

  mutating func refusedByWorker(_ id: RequestID) -> [SchedulerAction] {
    var actions: [SchedulerAction] = []
    scheduler.refusedByWorker(id, at: now, into: &actions)
    return actions
  }

  mutating func change(_ id: RequestID, to priority: Priority) -> [SchedulerAction] {
    var actions: [SchedulerAction] = []
    scheduler.change(id, to: priority, at: now, into: &actions)
    return actions
  }

  mutating func fail(_ device: String) -> [SchedulerAction] {
    var actions: [SchedulerAction] = []
    scheduler.deviceFailed(pool.device(named: device)!, at: now, into: &actions)
    return actions
  }

  mutating func recover(_ device: String) -> [SchedulerAction] {
    var actions: [SchedulerAction] = []
    scheduler.deviceRecovered(pool.device(named: device)!, at: now, into: &actions)
    return actions
  }

  /// Time goes on, with a call of `advance` at its end.
  mutating func wait(_ duration: Duration) -> [SchedulerAction] {
    now = now + duration
    var actions: [SchedulerAction] = []
    scheduler.advance(now, into: &actions)
    return actions
  }

  func instance(_ name: String) -> InstanceID { pool.instance(named: name)! }
}

extension GPUPool.Device {
  /// A device with one instance, "NAME-worker".
  static func one(
    _ name: String, _ role: GPUPool.Role = .mixed, _ kind: GPUPool.WorkerKind = .llm, slots: Int,
    cancelLatency: Duration = .milliseconds(20)
  ) -> GPUPool.Device {
    GPUPool.Device(
      name: name, role: role,
      instances: [GPUPool.Instance(name: name + "-worker", kind: kind, slots: slots, cancelLatency: cancelLatency)])
  }
}

extension [SchedulerAction] {
  /// Who was started, in order.
  var started: [RequestID] { compactMap { if case .start(let id, _) = $0 { id } else { nil } } }
  var cancelled: [RequestID] { compactMap { if case .cancel(let id) = $0 { id } else { nil } } }
  var requeued: [RequestID] { compactMap { if case .requeued(let id) = $0 { id } else { nil } } }
  var reasons: [RefusalReason] { compactMap { if case .refuse(_, _, let reason) = $0 { reason } else { nil } } }
  var refused: [RequestID] { compactMap { if case .refuse(let id, _, _) = $0 { id } else { nil } } }
}
