import Runtime

/// What becomes of a request after it was submitted, as the shell and the workers report it.
extension Scheduler {
  /// The call has ended by itself, well or not. Its slot is free.
  public mutating func finish(
    _ id: RequestID, succeeded: Bool = true, at now: Instant, into actions: inout [SchedulerAction]
  ) {
    guard let index = slab.index(of: id), slab[index].state != .queued else { return }
    let now = tick(now)
    let lane = Int(slab[index].lane)
    settle(lane, now, &actions)
    let state = classIndex(index)
    if succeeded { classes[state].metrics.finished += 1 } else { classes[state].metrics.failed += 1 }
    let instance = leaveSlot(index)
    slab.remove(index)
    fill(lane, hint: instance, now, &actions)
    preempt(lane, now, &actions)
  }

  /// The first, or a further, result of a running call.
  ///
  /// - Parameter isLate: Whether it is later than it should be; nil: as the instance's `firstResultTarget` tells.
  public mutating func progress(
    _ id: RequestID, isLate: Bool? = nil, at now: Instant, into actions: inout [SchedulerAction]
  ) {
    guard let index = slab.index(of: id), slab[index].state == .running, !slab[index].hasFirstResult else { return }
    let now = tick(now)
    slab[index].hasFirstResult = true
    let instance = Int(slab[index].instance)
    let age = now &- slab[index].startedAt
    let isLate = isLate ?? instances[instance].firstResultTarget.map { age > $0 } ?? false
    settle(instances[instance].lane, now, &actions)
    changeLimit(of: instance, now, &actions) { limit, busy in
      if isLate { limit.late(at: now) } else { limit.good(busy: busy) }
    }
  }

  /// The worker did not take the call (429, 503): it has too many. The request waits again.
  public mutating func refusedByWorker(_ id: RequestID, at now: Instant, into actions: inout [SchedulerAction]) {
    guard let index = slab.index(of: id), slab[index].state != .queued else { return }
    let now = tick(now)
    let lane = Int(slab[index].lane)
    settle(lane, now, &actions)
    let instance = leaveSlot(index)
    afterFailure(index, now, &actions)
    changeLimit(of: instance, now, &actions) { limit, _ in limit.refused(at: now) }
  }

  /// The user's or the client's own cancel. One that waits ends at once; one that runs ends when its worker has stopped.
  public mutating func cancel(_ id: RequestID, at now: Instant, into actions: inout [SchedulerAction]) {
    guard let index = slab.index(of: id) else { return }
    let now = tick(now)
    settle(Int(slab[index].lane), now, &actions)
    // It may have been refused just now.
    guard slab.index(of: id) != nil else { return }
    switch slab[index].state {
    case .free: return
    case .queued:
      classes[classIndex(index)].metrics.cancelled += 1
      dequeue(index)
      slab.remove(index)
    case .running:
      slab[index].endsWhenStopped = true
      stop(index, now, &actions)
    case .stopping:
      slab[index].endsWhenStopped = true
    }
  }

  /// The worker has stopped a call that it was told to cancel. Its slot is free.
  public mutating func cancelled(_ id: RequestID, at now: Instant, into actions: inout [SchedulerAction]) {
    guard let index = slab.index(of: id), slab[index].state == .stopping else { return }
    let now = tick(now)
    let lane = Int(slab[index].lane)
    settle(lane, now, &actions)
    let state = classIndex(index)
    let latency = now &- slab[index].changedAt
    let instance = leaveSlot(index)
    measured(latency, instance)
    classes[state].metrics.wasted &+= now &- slab[index].startedAt
    if slab[index].endsWhenStopped {
      classes[state].metrics.cancelled += 1
      slab.remove(index)
    } else if Int(slab[index].preemptions) > policy.maxRequeues {
      end(index, .preempted, now, &actions)
    } else {
      requeue(index, now, &actions)
    }
    fill(lane, hint: instance, now, &actions)
    preempt(lane, now, &actions)
  }

  /// Makes a request more urgent, or less: one whose audio is playing goes on as CRITICAL. One that waits has at most the
  /// new class's max wait left.
  public mutating func change(
    _ id: RequestID, to priority: Priority, at now: Instant, into actions: inout [SchedulerAction]
  ) {
    guard let index = slab.index(of: id), slab[index].priority != priority else { return }
    let now = tick(now)
    let lane = Int(slab[index].lane)
    settle(lane, now, &actions)
    guard slab.index(of: id) != nil else { return }
    let new = lane * 4 + Int(priority.rawValue)
    guard slab[index].state == .queued else {
      moveRunning(index, to: new)
      slab[index].priority = priority
      preempt(lane, now, &actions)
      return
    }
    dequeue(index)
    slab[index].priority = priority
    slab[index].deadline = min(slab[index].deadline, now &+ classes[new].maxWait)
    enqueue(index, new)
    if classes[new].capacity == 0 { return refuse(index, .unavailable, now, &actions) }
    fill(lane, hint: -1, now, &actions)
    preempt(lane, now, &actions)
  }
}
