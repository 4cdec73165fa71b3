import Runtime
import Scheduling

/// Plays a trace to a scheduler and does what it says, as workers would. It watches that the rules are kept.
public struct Simulation<S: SimulatedScheduler> {
  enum Event {
    case done(Int, run: Int)
    case stopped(Int, run: Int)
    case refusedByWorker(Int, run: Int)
    case givesUp(Int)
  }

  enum State { case new, queued, running, stopping, ended }

  struct Call {
    var id = RequestID(rawValue: .max)
    var state = State.new
    var priority: Priority
    var instance: InstanceID?
    /// Runs so far; events of an earlier one are void.
    var run = 0
    var startedAt: Int64 = 0
    var waitsSince: Int64 = 0
    var requeues = 0
    var givesUp = false
  }

  let trace: Trace
  let pool: GPUPool
  let policy = SchedulerPolicy()
  let lanes: [LaneID]
  let cancelLatency: ClosedRange<Int64>
  let workerRefusals: Double
  var scheduler: S
  var random: SeededRandom
  var calls: [Call]
  var numbers: [RequestID: Int] = [:]
  var events = TimerQueue<Event>()
  var busy: [Int]
  var slots = [0, 0, 0, 0]
  var bookedUntil: Int64 = 0
  var outcome = Outcome()
  var actions: [SchedulerAction] = []

  /// - Parameters:
  ///   - cancelLatency: how long a worker needs to stop, in nanoseconds; evenly spread.
  ///   - workerRefusals: the part of starts that a worker refuses after 5 ms.
  public init(
    _ scheduler: S, pool: GPUPool, trace: Trace, seed: UInt64,
    cancelLatency: ClosedRange<Int64> = 5_000_000...40_000_000, workerRefusals: Double = 0
  ) {
    self.scheduler = scheduler
    self.pool = pool
    self.trace = trace
    self.cancelLatency = cancelLatency
    self.workerRefusals = workerRefusals
    random = SeededRandom(seed: seed ^ 0xCA11)
    lanes = pool.lanes.map { pool.lane($0.kind, provider: $0.provider)! }
    calls = trace.arrivals.map { Call(priority: $0.priority) }
    busy = pool.instances.map { _ in 0 }
    outcome.seconds = Int(trace.duration / 1_000_000_000)
    for index in outcome.classes.indices {
      outcome.classes[index].slotTime = Array(repeating: 0, count: outcome.seconds)
    }
  }

  public mutating func run() -> (outcome: Outcome, scheduler: S) {
    var arrival = 0
    var fault = 0
    while true {
      let nextArrival = arrival < trace.arrivals.count ? trace.arrivals[arrival].at : .max
      let nextFault = fault < trace.faults.count ? trace.faults[fault].at : .max
      let nextEvent = events.nextDeadline()?.nanoseconds ?? .max
      let now = min(nextArrival, nextFault, nextEvent, scheduler.nextDeadline?.nanoseconds ?? .max)
      guard now < .max else { break }
      book(until: now)
      if now == nextFault {
        let what = trace.faults[fault]
        fault += 1
        apply(what, at: now)
      } else if now == nextEvent {
        if let event = events.popDue(at: Instant(nanoseconds: now)) { handle(event.payload, at: now) }
      } else if now == nextArrival {
        submit(arrival, at: now)
        arrival += 1
      } else {
        scheduler.advance(Instant(nanoseconds: now), into: &actions)
        if let next = scheduler.nextDeadline, next.nanoseconds <= now {
          outcome.violations.append("the next deadline stays at \(now)")
          break
        }
      }
      obey(at: now)
    }
    for (number, call) in calls.enumerated() where call.state != .ended {
      outcome.violations.append("request \(number) did not end: \(call.state)")
    }
    return (outcome, scheduler)
  }

  mutating func submit(_ number: Int, at now: Int64) {
    let arrival = trace.arrivals[number]
    calls[number].state = .queued
    calls[number].waitsSince = now
    outcome.classes[Int(arrival.priority.rawValue)].submitted += 1
    let id = scheduler.submit(
      SchedulerRequest(lane: lanes[arrival.lane], priority: arrival.priority, affinity: arrival.affinity),
      at: Instant(nanoseconds: now), into: &actions)
    calls[number].id = id
    numbers[id] = number
    if let end = arrival.cancelAt { _ = events.insert(.givesUp(number), at: Instant(nanoseconds: end)) }
  }

  mutating func handle(_ event: Event, at now: Int64) {
    let time = Instant(nanoseconds: now)
    switch event {
    case .done(let number, let run):
      guard leave(number, run) else { return }
      outcome.classes[Int(calls[number].priority.rawValue)].finished += 1
      if now <= trace.duration {
        outcome.classes[Int(calls[number].priority.rawValue)].useful += trace.arrivals[number].service
      }
      calls[number].state = .ended
      scheduler.finish(calls[number].id, succeeded: true, at: time, into: &actions)
    case .stopped(let number, let run):
      guard calls[number].state == .stopping, leave(number, run) else { return }
      if calls[number].givesUp {
        calls[number].state = .ended
        outcome.classes[Int(calls[number].priority.rawValue)].cancelled += 1
      } else {
        waste(number, at: now)
      }
      scheduler.cancelled(calls[number].id, at: time, into: &actions)
    case .refusedByWorker(let number, let run):
      guard calls[number].state == .running, leave(number, run) else { return }
      scheduler.refusedByWorker(calls[number].id, at: time, into: &actions)
    case .givesUp(let number):
      guard calls[number].state != .ended else { return }
      calls[number].givesUp = true
      if calls[number].state == .queued {
        calls[number].state = .ended
        outcome.classes[Int(calls[number].priority.rawValue)].cancelled += 1
      }
      scheduler.cancel(calls[number].id, at: time, into: &actions)
    }
  }

  mutating func apply(_ fault: Trace.Fault, at now: Int64) {
    let (device, time) = (pool.device(named: pool.devices[fault.device].name)!, Instant(nanoseconds: now))
    guard !fault.isRecovery else { return scheduler.deviceRecovered(device, at: time, into: &actions) }
    for number in calls.indices where calls[number].state == .running || calls[number].state == .stopping {
      guard let instance = calls[number].instance, pool.device(of: instance) == device else { continue }
      _ = leave(number, calls[number].run)
      if calls[number].givesUp {
        calls[number].state = .ended
        outcome.classes[Int(calls[number].priority.rawValue)].cancelled += 1
      } else {
        waste(number, at: now)
      }
    }
    scheduler.deviceFailed(device, at: time, into: &actions)
  }

  /// Takes a call out of its slot. False when the event is of an earlier run.
  mutating func leave(_ number: Int, _ run: Int) -> Bool {
    let state = calls[number].state
    guard calls[number].run == run, state == .running || state == .stopping else { return false }
    calls[number].run += 1
    if let instance = calls[number].instance { busy[instance.index] -= 1 }
    slots[Int(calls[number].priority.rawValue)] -= 1
    // Until an action says what becomes of it.
    calls[number].state = .new
    return true
  }

  mutating func waste(_ number: Int, at now: Int64) {
    guard now <= trace.duration else { return }
    outcome.classes[Int(calls[number].priority.rawValue)].wasted += now - calls[number].startedAt
  }

  mutating func book(until now: Int64) {
    while bookedUntil < now {
      let second = Int(bookedUntil / 1_000_000_000)
      let end = min(now, Int64(second + 1) * 1_000_000_000)
      if second < outcome.seconds {
        for index in slots.indices {
          outcome.classes[index].slotTime[second] += Int64(slots[index]) * (end - bookedUntil)
        }
      }
      bookedUntil = end
    }
  }
}
