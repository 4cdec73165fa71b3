import Runtime

/// Waiting: into the queue, out of it, and refused when the time is over.
extension Scheduler {
  func classIndex(_ index: Int) -> Int { Int(slab[index].lane) * 4 + Int(slab[index].priority.rawValue) }

  mutating func enqueue(_ index: Int, _ state: Int) {
    order &+= 1
    let entry = DeadlineHeap.Entry(
      deadline: slab[index].deadline, order: order, index: Int32(truncatingIfNeeded: index))
    if slab[index].isResumed {
      classes[state].resumed.insert(entry, &slab.positions)
      let since = slab[index].changedAt
      classes[state].patience.append(
        PatienceQueue.Entry(until: since &+ classes[state].maxWait, id: slab.id(index), since: since))
    } else {
      classes[state].waiting.insert(entry, &slab.positions)
    }
  }

  mutating func dequeue(_ index: Int) {
    let state = classIndex(index)
    let position = Int(slab.positions[index])
    if slab[index].isResumed {
      classes[state].resumed.remove(at: position, &slab.positions)
    } else {
      classes[state].waiting.remove(at: position, &slab.positions)
    }
  }

  /// It has no slot any more, and waits for one with its first deadline.
  mutating func requeue(_ index: Int, _ now: Int64, _ actions: inout [SchedulerAction]) {
    slab[index].state = .queued
    slab[index].isResumed = true
    slab[index].hasFirstResult = false
    slab[index].changedAt = now
    enqueue(index, classIndex(index))
    classes[classIndex(index)].metrics.requeued += 1
    decisions += 1
    actions.append(.requeued(slab.id(index)))
  }

  /// Books the slot-time until `now`, and refuses those whose time is over. A request whose deadline is just now may
  /// still start.
  @inline(__always)
  mutating func settle(_ lane: Int, _ now: Int64, _ actions: inout [SchedulerAction]) {
    guard lanes[lane].bookedUntil < now else { return }
    let elapsed = now &- lanes[lane].bookedUntil
    lanes[lane].bookedUntil = now
    for state in lane * 4..<lane * 4 + 4 {
      let slots = classes[state].slots
      classes[state].metrics.slotTime &+= elapsed &* Int64(slots)
      if state > lane * 4 {
        classes[state].account.advance(
          Double(elapsed), slots: slots, capacity: classes[state].capacity, isWaiting: classes[state].depth > 0)
      }
    }
    expire(lane, now - 1, &actions)
    lanes[lane].capacityTime &+= elapsed &* Int64(lanes[lane].totalSlots)
  }

  /// Refuses those whose deadline is at or before `now`.
  mutating func expire(_ lane: Int, _ now: Int64, _ actions: inout [SchedulerAction]) {
    for state in lane * 4..<lane * 4 + 4 {
      while let first = classes[state].waiting.first, first.deadline <= now {
        refuse(Int(first.index), .deadline, now, &actions)
      }
      while let first = classes[state].patience.first, first.until <= now {
        classes[state].patience.removeFirst()
        guard let index = slab.index(of: first.id), slab[index].state == .queued, slab[index].isResumed,
          slab[index].changedAt == first.since, classIndex(index) == state
        else { continue }
        refuse(index, .deadline, now, &actions)
      }
    }
  }

  /// Ends a request that waits.
  mutating func refuse(
    _ index: Int, _ reason: RefusalReason, _ now: Int64, _ actions: inout [SchedulerAction]
  ) {
    dequeue(index)
    end(index, reason, now, &actions)
  }

  /// Ends a request that is in no queue and has no slot.
  mutating func end(_ index: Int, _ reason: RefusalReason, _ now: Int64, _ actions: inout [SchedulerAction]) {
    let state = classIndex(index)
    classes[state].metrics.refused[reason, default: 0] += 1
    let id = slab.id(index)
    slab.remove(index)
    decisions += 1
    actions.append(.refuse(id, retryAfter: retryAfter(state, reason), reason))
  }

  /// When the queue that is there now will have moved on, as far as its pace tells.
  private func retryAfter(_ state: Int, _ reason: RefusalReason) -> Duration {
    let least: Int64 = 100_000_000
    let most = max(least, policy.maxRetryAfter.nanoseconds)
    guard reason != .unavailable, let interval = classes[state].pace.interval else {
      return .nanoseconds(min(most, max(least, classes[state].maxWait)))
    }
    let wait = interval * Double(classes[state].depth + 1)
    return .nanoseconds(wait < Double(most) ? max(least, Int64(wait)) : most)
  }

  /// The class's action for a request that found its queue full.
  mutating func boundQueue(_ index: Int, _ now: Int64, _ actions: inout [SchedulerAction]) {
    while slab[index].state == .queued, !slab[index].isResumed {
      let state = classIndex(index)
      guard classes[state].depth > classes[state].queueBound else { return }
      switch classes[state].whenFull {
      case .downgrade where slab[index].priority.lower != nil:
        let lower = slab[index].priority.lower ?? .low
        guard classes[state + 1].capacity > 0 else { return refuse(index, .queueFull, now, &actions) }
        dequeue(index)
        classes[state].metrics.downgraded += 1
        slab[index].priority = lower
        slab[index].deadline = now &+ classes[state + 1].maxWait
        enqueue(index, state + 1)
        decisions += 1
        actions.append(.downgraded(slab.id(index), to: lower))
        fill(Int(slab[index].lane), hint: -1, now, &actions)
      case .textMode:
        return refuse(index, .textMode, now, &actions)
      case .reject, .downgrade:
        return refuse(index, .queueFull, now, &actions)
      }
    }
  }
}
