import Runtime
import Scheduling

/// The scheduler's actions, done and checked.
extension Simulation {
  mutating func obey(at now: Int64) {
    for action in actions {
      switch action {
      case .start(let id, let instance): start(number(id, now), on: instance, at: now)
      case .cancel(let id): stop(number(id, now), at: now)
      case .refuse(let id, _, let reason): refuse(number(id, now), reason, at: now)
      case .requeued(let id): requeue(number(id, now), at: now)
      case .downgraded(let id, let priority): calls[number(id, now)].priority = priority
      }
    }
    actions.removeAll(keepingCapacity: true)
  }

  mutating func number(_ id: RequestID, _ now: Int64) -> Int {
    if let number = numbers[id] { return number }
    fatalError("an action for a request that never was")
  }

  mutating func start(_ number: Int, on instance: InstanceID, at now: Int64) {
    var call = calls[number]
    if call.state != .queued { outcome.violations.append("request \(number) started while \(call.state)") }
    if call.run == 0 { outcome.classes[Int(call.priority.rawValue)].waits.append(now - call.waitsSince) }
    expectInTime(call, number, at: now)
    call.state = .running
    call.run += 1
    call.instance = instance
    call.startedAt = now
    busy[instance.index] += 1
    slots[Int(call.priority.rawValue)] += 1
    if busy[instance.index] > pool[instance].maxSlots {
      outcome.violations.append("\(pool[instance].name) has \(busy[instance.index]) calls")
    }
    let isRefused = workerRefusals > 0 && random.unit() < workerRefusals
    _ = events.insert(
      isRefused ? .refusedByWorker(number, run: call.run) : .done(number, run: call.run),
      at: Instant(nanoseconds: now + (isRefused ? 5_000_000 : trace.arrivals[number].service)))
    calls[number] = call
  }

  mutating func stop(_ number: Int, at now: Int64) {
    let call = calls[number]
    if call.state != .running { outcome.violations.append("request \(number) cancelled while \(call.state)") }
    if !call.givesUp {
      outcome.classes[Int(call.priority.rawValue)].preempted += 1
      if call.priority == .critical { outcome.violations.append("CRITICAL \(number) preempted") }
    }
    calls[number].state = .stopping
    let latency = Int64.random(in: cancelLatency, using: &random)
    _ = events.insert(.stopped(number, run: call.run), at: Instant(nanoseconds: now + latency))
  }

  mutating func refuse(_ number: Int, _ reason: RefusalReason, at now: Int64) {
    let call = calls[number]
    if call.state == .ended || call.state == .running || call.state == .stopping {
      outcome.violations.append("request \(number) refused while \(call.state)")
    }
    if call.state == .queued { expectInTime(call, number, at: now) }
    calls[number].state = .ended
    outcome.classes[Int(call.priority.rawValue)].refused[reason, default: 0] += 1
  }

  mutating func requeue(_ number: Int, at now: Int64) {
    if calls[number].state != .new { outcome.violations.append("request \(number) queued again while it was not cut") }
    calls[number].state = .queued
    calls[number].waitsSince = now
    calls[number].requeues += 1
    outcome.classes[Int(calls[number].priority.rawValue)].requeued += 1
    // Three for CRITICAL's sake and three for failures.
    let most = trace.faults.isEmpty && workerRefusals == 0 ? policy.maxRequeues : 2 * policy.maxRequeues
    if calls[number].requeues > most {
      outcome.violations.append("request \(number) queued again \(calls[number].requeues) times")
    }
  }

  mutating func expectInTime(_ call: Call, _ number: Int, at now: Int64) {
    let maxWait = policy[call.priority].maxWait.nanoseconds
    if now - call.waitsSince > maxWait {
      outcome.violations.append("\(call.priority) \(number) waited \((now - call.waitsSince) / 1_000_000) ms")
    }
  }
}
