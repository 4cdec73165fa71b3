/// Which request gets a free slot, and which slot.
extension Scheduler {
  /// Fills free slots for as long as there is a request for one.
  ///
  /// - Parameter hint: an instance that has just got a free slot, or -1.
  mutating func fill(_ lane: Int, hint: Int, _ now: Int64, _ actions: inout [SchedulerAction]) {
    while lanes[lane].free > 0, let (index, instance) = choose(lane, hint) {
      dequeue(index)
      start(index, on: instance, now, &actions)
    }
  }

  private func choose(_ lane: Int, _ hint: Int) -> (request: Int, instance: Int)? {
    let critical = lane * 4
    for state in [critical + 3, critical + 2, critical + 1]
    where classes[state].account.isOwed(capacity: classes[state].capacity) {
      if let choice = place(state, hint, isOwed: true) { return choice }
    }
    if let choice = place(critical, hint) { return choice }
    if let state = furthestBehind(critical), let choice = place(state, hint) { return choice }
    for state in critical + 1...critical + 3 {
      if let choice = place(state, hint) { return choice }
    }
    return nil
  }

  /// The class that waits and is behind its floor by the longest time.
  private func furthestBehind(_ critical: Int) -> Int? {
    var furthest: (state: Int, time: Double)?
    for state in critical + 1...critical + 3 where classes[state].account.isBehind && classes[state].depth > 0 {
      let account = classes[state].account
      let time = account.credit / (account.floor * Double(max(1, classes[state].capacity)))
      if time > furthest?.time ?? 0 { furthest = (state, time) }
    }
    return furthest?.state
  }

  /// A slot for the first of a class: where its key was, where one has just become free, or where most are.
  private func place(_ state: Int, _ hint: Int, isOwed: Bool = false) -> (request: Int, instance: Int)? {
    guard let index = classes[state].head else { return nil }
    let lane = state / 4
    let priority = classes[state].priority
    // What CRITICAL could take is taken from above its headroom.
    let isAboveHeadroom = priority == .critical || isOwed || lanes[lane].criticalFree > headroom(lane)
    guard isAboveHeadroom || lanes[lane].free > lanes[lane].criticalFree else { return nil }
    let (key, avoids) = (slab[index].affinity, slab[index].avoids)
    if key != 0 {
      let known = lanes[lane].affinity.instance(of: key)
      if known >= 0, avoids & instances[known].bit == 0, canTake(known, priority, isAboveHeadroom) {
        return (index, known)
      }
    }
    if hint >= 0, avoids & instances[hint].bit == 0, canTake(hint, priority, isAboveHeadroom) { return (index, hint) }
    var best = -1
    var rank = (tier: Int.max, free: 0)
    for instance in lanes[lane].instances where canTake(instance, priority, isAboveHeadroom) {
      let tier = tier(instances[instance].role, priority) + (avoids & instances[instance].bit == 0 ? 0 : 10)
      let free = instances[instance].free
      if tier < rank.tier || tier == rank.tier && free > rank.free {
        best = instance
        rank = (tier, free)
      }
    }
    return best < 0 ? nil : (index, best)
  }

  @inline(__always)
  private func canTake(_ instance: Int, _ priority: Priority, _ isAboveHeadroom: Bool) -> Bool {
    let state = instances[instance]
    guard state.free > 0, state.takes(priority) else { return false }
    guard priority != .critical, state.takes(.critical) else { return true }
    return isAboveHeadroom && shares[state.share].free > shares[state.share].reserve
  }

  /// Slots that the lower classes leave free.
  private func headroom(_ lane: Int) -> Int {
    Int((Double(classes[lane * 4].slots) * policy.headroom).rounded())
  }

  /// The urgent classes leave the mixed devices to the others where they can, and the other way round.
  private func tier(_ role: GPUPool.Role, _ priority: Priority) -> Int {
    switch role {
    case .realTime: 0
    case .mixed: 1
    case .batch: priority == .critical || priority == .high ? 2 : 0
    }
  }

  private mutating func start(_ index: Int, on instance: Int, _ now: Int64, _ actions: inout [SchedulerAction]) {
    let state = classIndex(index)
    let lane = instances[instance].lane
    if !slab[index].isResumed {
      classes[state].metrics.waits.add(now &- slab[index].submittedAt)
      if now > slab[index].deadline { classes[state].metrics.startedLate += 1 }
    }
    classes[state].metrics.started += 1
    classes[state].pace.started(at: now, othersWait: classes[state].depth > 0)
    slab[index].state = .running
    slab[index].instance = Int32(truncatingIfNeeded: instance)
    slab[index].startedAt = now
    classes[state].running.append(index, &slab)
    classes[state].slots += 1
    update(instance) { $0.busy += 1 }
    if slab[index].affinity != 0 { lanes[lane].affinity.set(slab[index].affinity, to: instance) }
    decisions += 1
    actions.append(.start(slab.id(index), InstanceID(index: instance)))
  }

  /// Takes a request out of its slot; it is in no queue then.
  ///
  /// - Returns: where it was.
  mutating func leaveSlot(_ index: Int) -> Int {
    let state = classIndex(index)
    let instance = Int(slab[index].instance)
    let wasStopping = slab[index].state == .stopping
    classes[state].running.remove(index, &slab)
    classes[state].slots -= 1
    if wasStopping { classes[state].stopping -= 1 }
    update(instance) {
      $0.busy -= 1
      if wasStopping { $0.stopping -= 1 }
    }
    slab[index].instance = -1
    return instance
  }

  /// A request that has a slot changes its class.
  mutating func moveRunning(_ index: Int, to new: Int) {
    let old = classIndex(index)
    let isStopping = slab[index].state == .stopping
    classes[old].running.remove(index, &slab)
    classes[old].slots -= 1
    classes[new].running.append(index, &slab)
    classes[new].slots += 1
    if isStopping {
      classes[old].stopping -= 1
      classes[new].stopping += 1
    }
  }
}
