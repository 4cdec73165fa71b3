/// CRITICAL takes slots.
///
/// As many calls are cancelled as CRITICAL requests wait beyond the slots that are free or about to be. Each time it is the
/// most recently started of the lowest class, since that loses the least work. First those of classes that have more than
/// their floor; then also of those that have not, unless they are owed slot-time (`FloorAccount`); and only then requests
/// that may not wait again, and so end. Never CRITICAL's own class, never one that has just got its slot back, never where a
/// cancel takes longer than CRITICAL can wait.
extension Scheduler {
  mutating func preempt(_ lane: Int, _ now: Int64, _ actions: inout [SchedulerAction]) {
    lanes[lane].victimAt = .max
    guard policy.preempts else { return }
    var missing = classes[lane * 4].depth - lanes[lane].criticalFree - lanes[lane].criticalStopping
    while missing > 0, let index = victim(lane, now) {
      slab[index].preemptions &+= 1
      classes[classIndex(index)].metrics.preempted += 1
      stop(index, now, &actions)
      missing -= 1
    }
  }

  private enum Search {
    case aboveFloor, belowFloor, exhausted
  }

  private mutating func victim(_ lane: Int, _ now: Int64) -> Int? {
    for search in [Search.aboveFloor, .belowFloor, .exhausted] {
      var state = lane * 4 + 3
      while state > lane * 4 {
        if let index = victim(of: state, search, now) { return index }
        state -= 1
      }
    }
    return nil
  }

  private mutating func victim(of number: Int, _ search: Search, _ now: Int64) -> Int? {
    let account = classes[number].account
    let capacity = classes[number].capacity
    let kept = search == .aboveFloor ? account.slots(capacity: capacity) : 0
    guard classes[number].active > kept, !account.isOwed(capacity: capacity) else { return nil }
    var next = classes[number].running.last
    while next >= 0 {
      let index = Int(next)
      next = slab[index].previous
      guard slab[index].state == .running else { continue }
      let instance = Int(slab[index].instance)
      let state = instances[instance]
      // A held instance would not give its slot to anyone; nor would one that has more calls than its limit.
      guard state.isOpen, state.busy <= state.limit.slots, state.takes(.critical),
        state.cancelLatency.nanoseconds <= cancelBudget
      else { continue }
      let isExhausted = Int(slab[index].preemptions) >= policy.maxRequeues
      guard isExhausted == (search == .exhausted) else { continue }
      let keepsUntil = slab[index].startedAt &+ minimumProgress
      if slab[index].preemptions > 0, keepsUntil > now {
        lanes[number / 4].victimAt = min(lanes[number / 4].victimAt, keepsUntil)
        continue
      }
      return index
    }
    return nil
  }

  mutating func stop(_ index: Int, _ now: Int64, _ actions: inout [SchedulerAction]) {
    slab[index].state = .stopping
    slab[index].changedAt = now
    classes[classIndex(index)].stopping += 1
    update(Int(slab[index].instance)) { $0.stopping += 1 }
    decisions += 1
    actions.append(.cancel(slab.id(index)))
  }
}
