import Runtime

/// Decides which call to a worker runs where and when. Sans-IO: it is told what happened and at what time, and appends to
/// `actions` what is to be done, in order.
///
/// The rules, lane by lane:
/// - A class that is far behind its floor goes first (`FloorAccount`), then CRITICAL, then classes that are a little behind,
///   then the others, most urgent class first. Within a class the earliest deadline goes first.
/// - A request starts, or is refused, within its max wait. `advance` must be called at `nextDeadline` for that.
/// - CRITICAL that finds no slot takes one (Scheduler+Preemption).
/// - A few slots are left free for the next CRITICAL, in proportion to those that it has: `SchedulerPolicy.headroom`.
///
/// A call costs O(log n) of the requests queued and O(i) of the lane's instances at most, and allocates nothing once the
/// buffers have grown. Times must not go back; one that does counts as the latest before it.
public struct Scheduler {
  public let pool: GPUPool
  public let policy: SchedulerPolicy
  var lanes: [Lane]
  /// Four for each lane, most urgent first.
  var classes: [ClassState]
  var instances: [InstanceState]
  var shares: [DeviceShare]
  var slab = RequestSlab()
  var order: UInt64 = 0
  var latest: Int64
  /// Actions given since the start.
  public internal(set) var decisions: UInt64 = 0
  let minimumProgress: Int64
  let cancelBudget: Int64

  public init(pool: GPUPool, policy: SchedulerPolicy = SchedulerPolicy(), at now: Instant) {
    self.pool = pool
    self.policy = policy
    latest = now.nanoseconds
    minimumProgress = policy.minimumProgress.nanoseconds
    cancelBudget = policy.cancelBudget.nanoseconds
    lanes = pool.lanes.map { _ in Lane(bookedUntil: now.nanoseconds) }
    classes = pool.lanes.flatMap { _ in Priority.allCases.map { ClassState($0, policy[$0]) } }
    instances = []
    shares = []
    var shareOf: [[Int]: Int] = [:]
    for (index, instance) in pool.instances.enumerated() {
      let (lane, device) = (pool.laneOfInstance[index], pool.deviceOfInstance[index])
      let share = shareOf[[lane, device]] ?? shares.count
      if share == shares.count { shares.append(DeviceShare()) }
      shareOf[[lane, device]] = share
      let position = lanes[lane].instances.count
      lanes[lane].instances.append(index)
      instances.append(
        InstanceState(
          lane: lane, device: device, role: pool.devices[device].role, share: share,
          firstResultTarget: instance.firstResultTarget?.nanoseconds, bit: position < 64 ? 1 << UInt64(position) : 0,
          // Without a target nothing shows that it could do more than is said of it.
          limit: SlotLimit(
            slots: instance.slots, most: instance.firstResultTarget == nil ? instance.slots : instance.maxSlots),
          cancelLatency: CancelLatency(declared: instance.cancelLatency)))
    }
    for lane in lanes.indices { recount(lane) }
  }

  /// A new request. Its deadline is its arrival and its class's max wait; one that `waitsAgain` has a max wait from now.
  public mutating func submit(
    _ request: SchedulerRequest, at now: Instant, into actions: inout [SchedulerAction]
  ) -> RequestID {
    let now = tick(now)
    var record = RequestSlab.Record()
    record.state = .queued
    record.priority = request.priority
    record.affinity = request.affinity
    record.lane = Int32(truncatingIfNeeded: request.lane.index)
    record.submittedAt = min(now, request.arrivedAt?.nanoseconds ?? now)
    guard lanes.indices.contains(request.lane.index) else {
      // Of another pool.
      let index = slab.insert(record)
      let id = slab.id(index)
      slab.remove(index)
      decisions += 1
      actions.append(.refuse(id, retryAfter: policy.maxRetryAfter, .unavailable))
      return id
    }
    let lane = request.lane.index
    settle(lane, now, &actions)
    let state = lane * 4 + Int(request.priority.rawValue)
    classes[state].metrics.submitted += 1
    record.deadline = record.submittedAt &+ classes[state].maxWait
    if request.waitsAgain {
      record.isResumed = true
      record.changedAt = now
    } else {
      record.deadline = max(now, record.deadline)
    }
    for instance in request.avoids where instances.indices.contains(instance.index) {
      record.avoids |= instances[instance.index].bit
    }
    let index = slab.insert(record)
    let id = slab.id(index)
    enqueue(index, state)
    guard classes[state].capacity > 0 else {
      refuse(index, .unavailable, now, &actions)
      return id
    }
    fill(lane, hint: -1, now, &actions)
    boundQueue(index, now, &actions)
    preempt(lane, now, &actions)
    return id
  }

  /// What is due at `now`: refusals, and slots that can be taken only now.
  public mutating func advance(_ now: Instant, into actions: inout [SchedulerAction]) {
    let now = tick(now)
    for lane in lanes.indices {
      settle(lane, now, &actions)
      expire(lane, now, &actions)
      fill(lane, hint: -1, now, &actions)
      preempt(lane, now, &actions)
    }
  }

  /// When `advance` is to be called at the latest; nil when nothing waits.
  public var nextDeadline: Instant? {
    var next = Int64.max
    for state in classes.indices {
      if let first = classes[state].waiting.first { next = min(next, first.deadline) }
      if let first = classes[state].patience.first { next = min(next, first.until) }
    }
    for lane in lanes.indices { next = min(next, lanes[lane].victimAt) }
    return next == .max ? nil : Instant(nanoseconds: next)
  }

  /// Requests that have not ended.
  public var count: Int { slab.count }

  mutating func tick(_ now: Instant) -> Int64 {
    latest = max(latest, now.nanoseconds)
    return latest
  }
}
