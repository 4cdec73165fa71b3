import Runtime

/// Instances as they come, go and prove themselves.
extension Scheduler {
  /// A device is gone, with all calls on it. Their requests wait again at once.
  public mutating func deviceFailed(_ device: DeviceID, at now: Instant, into actions: inout [SchedulerAction]) {
    change(instances.indices.filter { instances[$0].device == device.index }, now, &actions) { $0.deviceIsUp = false }
  }

  public mutating func deviceRecovered(_ device: DeviceID, at now: Instant, into actions: inout [SchedulerAction]) {
    change(instances.indices.filter { instances[$0].device == device.index }, now, &actions) { $0.deviceIsUp = true }
  }

  /// One instance is gone with its calls, its device is well: a worker process died.
  public mutating func instanceFailed(_ id: InstanceID, at now: Instant, into actions: inout [SchedulerAction]) {
    change([id.index], now, &actions) { $0.isUp = false }
  }

  public mutating func instanceRecovered(_ id: InstanceID, at now: Instant, into actions: inout [SchedulerAction]) {
    change([id.index], now, &actions) { $0.isUp = true }
  }

  /// The instance gets no further calls, and goes on with those that it has: its breaker is open, or it is drained.
  public mutating func hold(_ id: InstanceID, at now: Instant, into actions: inout [SchedulerAction]) {
    change([id.index], now, &actions) { $0.isHeld = true }
  }

  public mutating func release(_ id: InstanceID, at now: Instant, into actions: inout [SchedulerAction]) {
    change([id.index], now, &actions) { $0.isHeld = false }
  }

  /// The instance takes CRITICAL and HIGH only, as on a real-time device: its breaker is open, and whoever is listening
  /// may have nobody else to turn to.
  public mutating func setUrgentOnly(
    _ id: InstanceID, _ isUrgentOnly: Bool, at now: Instant, into actions: inout [SchedulerAction]
  ) {
    change([id.index], now, &actions) { $0.isUrgentOnly = isUrgentOnly }
  }

  private mutating func change(
    _ numbers: [Int], _ now: Instant, _ actions: inout [SchedulerAction], _ body: (inout InstanceState) -> Void
  ) {
    let now = tick(now)
    let changed = numbers.filter(instances.indices.contains)
    let touched = Set(changed.map { instances[$0].lane }).sorted()
    for lane in touched { settle(lane, now, &actions) }
    // All are marked before any request is placed anew.
    var lost: [Int] = []
    for instance in changed {
      let wasHealthy = instances[instance].isHealthy
      body(&instances[instance])
      if wasHealthy, !instances[instance].isHealthy { lost.append(instance) }
    }
    for lane in touched { recount(lane) }
    for instance in lost { evacuate(instance, now, &actions) }
    for lane in touched {
      refuseUnavailable(lane, now, &actions)
      fill(lane, hint: -1, now, &actions)
      preempt(lane, now, &actions)
    }
  }

  private mutating func evacuate(_ instance: Int, _ now: Int64, _ actions: inout [SchedulerAction]) {
    let lane = instances[instance].lane
    for state in lane * 4..<lane * 4 + 4 {
      var next = classes[state].running.first
      while next >= 0 {
        let index = Int(next)
        next = slab[index].next
        guard Int(slab[index].instance) == instance else { continue }
        let wasStopping = slab[index].state == .stopping
        _ = leaveSlot(index)
        classes[state].metrics.wasted &+= now &- slab[index].startedAt
        if slab[index].endsWhenStopped {
          classes[state].metrics.cancelled += 1
          slab.remove(index)
        } else if wasStopping, Int(slab[index].preemptions) > policy.maxRequeues {
          end(index, .preempted, now, &actions)
        } else {
          afterFailure(index, now, &actions)
        }
      }
    }
  }

  /// A request whose worker failed waits again, or ends when that was too often. One that was being cancelled for good
  /// ends as cancelled.
  mutating func afterFailure(_ index: Int, _ now: Int64, _ actions: inout [SchedulerAction]) {
    guard !slab[index].endsWhenStopped else {
      classes[classIndex(index)].metrics.cancelled += 1
      slab.remove(index)
      return
    }
    guard Int(slab[index].failures) < policy.maxFailures else {
      return end(index, .workerFailed, now, &actions)
    }
    slab[index].failures += 1
    requeue(index, now, &actions)
  }

  /// Those that wait for instances that are not there are told at once, so that they can go to another provider.
  private mutating func refuseUnavailable(_ lane: Int, _ now: Int64, _ actions: inout [SchedulerAction]) {
    for state in lane * 4..<lane * 4 + 4 where classes[state].capacity == 0 {
      while let index = classes[state].head { refuse(index, .unavailable, now, &actions) }
    }
  }

  // MARK: Sums

  /// Changes an instance, and what is summed up from it.
  @inline(__always)
  mutating func update(_ instance: Int, _ body: (inout InstanceState) -> Void) {
    let (free, stopping) = (instances[instance].free, instances[instance].stopping)
    body(&instances[instance])
    let lane = instances[instance].lane
    let freed = instances[instance].free - free
    lanes[lane].free += freed
    shares[instances[instance].share].free += freed
    if instances[instance].isOpen, instances[instance].takes(.critical) {
      lanes[lane].criticalFree += freed
      lanes[lane].criticalStopping += instances[instance].stopping - stopping
    }
  }

  mutating func changeLimit(
    of instance: Int, _ now: Int64, _ actions: inout [SchedulerAction], _ body: (inout SlotLimit, Int) -> Void
  ) {
    let (lane, slots) = (instances[instance].lane, instances[instance].limit.slots)
    body(&instances[instance].limit, instances[instance].busy)
    if instances[instance].limit.slots != slots { recount(lane) }
    fill(lane, hint: -1, now, &actions)
    preempt(lane, now, &actions)
  }

  mutating func measured(_ latency: Int64, _ instance: Int) {
    let wasSlow = instances[instance].cancelLatency.nanoseconds > cancelBudget
    instances[instance].cancelLatency.measured(latency)
    if (instances[instance].cancelLatency.nanoseconds > cancelBudget) != wasSlow { recount(instances[instance].lane) }
  }

  /// All sums of a lane, after its instances' health, limits or speed have changed.
  mutating func recount(_ lane: Int) {
    let all = lanes[lane].instances
    let hasRealTime = all.contains { instances[$0].isOpen && instances[$0].role != .batch }
    (lanes[lane].free, lanes[lane].criticalFree, lanes[lane].criticalStopping, lanes[lane].totalSlots) = (0, 0, 0, 0)
    for state in lane * 4..<lane * 4 + 4 { classes[state].capacity = 0 }
    for instance in all { shares[instances[instance].share] = DeviceShare() }
    var slotsOfShare: [Int: Int] = [:]
    for instance in all {
      instances[instance].classes = Self.classes(of: instances[instance].role, hasRealTime: hasRealTime)
      if instances[instance].isUrgentOnly { instances[instance].classes &= Self.urgent }
      let state = instances[instance]
      guard state.isOpen else { continue }
      lanes[lane].free += state.free
      lanes[lane].totalSlots += state.limit.slots
      shares[state.share].free += state.free
      slotsOfShare[state.share, default: 0] += state.limit.slots
      for priority in Priority.allCases where state.takes(priority) {
        classes[lane * 4 + Int(priority.rawValue)].capacity += state.limit.slots
      }
      guard state.takes(.critical) else { continue }
      lanes[lane].criticalFree += state.free
      lanes[lane].criticalStopping += state.stopping
      if state.cancelLatency.nanoseconds > cancelBudget { shares[state.share].reserve = 1 }
    }
    // A single slot in reserve would shut out all others for good.
    for (share, slots) in slotsOfShare where slots < 2 { shares[share].reserve = 0 }
  }

  private static let urgent = Priority.critical.bit | Priority.high.bit

  private static func classes(of role: GPUPool.Role, hasRealTime: Bool) -> UInt8 {
    let others = Priority.medium.bit | Priority.low.bit
    switch role {
    case .realTime: return urgent
    case .mixed: return urgent | others
    case .batch: return hasRealTime ? others : urgent | others
    }
  }
}
