import CAllocations
import CLinux
import Runtime
import Scheduling
import SchedulingSimulation

/// How long the scheduler takes to decide, with many requests queued and all slots taken.
enum Decisions {
  static func run() {
    print("| queued | slots | what | decisions/s of a core | p50 | p99 | p99.9 (µs) | allocations each |")
    print("|---:|---:|---|---:|---:|---:|---:|---:|")
    for (queued, devices) in [(100, 8), (10_000, 8), (100_000, 8), (100_000, 400)] {
      place(queued, devices)
      preempt(queued, devices)
      refuse(queued, devices)
    }
  }

  /// A pool that is full, and `queued` requests waiting, none of whose time will be over in a run.
  private static func full(_ queued: Int, _ devices: Int, maxWait: Duration) -> (
    Scheduler, LaneID, running: [RequestID]
  ) {
    let pool = GPUPool.simulated(devices: devices, slots: 16)
    var policy = SchedulerPolicy()
    for priority in Priority.allCases {
      policy[priority].queueBound = 1_000_000
      policy[priority].maxWait = maxWait
      policy[priority].floor = 0.05
    }
    // Every round of `preempt` shall find a victim.
    policy.headroom = 0
    policy.minimumProgress = .zero
    policy.maxRequeues = .max
    var scheduler = Scheduler(pool: pool, policy: policy, at: Instant(nanoseconds: 0))
    var actions: [SchedulerAction] = []
    var random = SeededRandom(seed: 7)
    let lane = pool.lane(.llm)!
    for number in 0..<queued + 16 * devices {
      let priority = Priority(rawValue: UInt8(random.next() % 3) + 1) ?? .low
      _ = scheduler.submit(
        SchedulerRequest(lane: lane, priority: priority, affinity: random.next() % 1000),
        at: Instant(nanoseconds: Int64(number) * 100), into: &actions)
    }
    return (scheduler, lane, starts(actions))
  }

  private static func starts(_ actions: [SchedulerAction]) -> [RequestID] {
    actions.compactMap { if case .start(let id, _) = $0 { id } else { nil } }
  }

  /// A call ends and a request comes: one start each time. A decision is the start, both calls its time.
  private static func place(_ queued: Int, _ devices: Int) {
    var (scheduler, lane, running) = full(queued, devices, maxWait: .seconds(3600))
    var actions: [SchedulerAction] = []
    actions.reserveCapacity(64)
    var random = SeededRandom(seed: 8)
    var now: Int64 = 1_000_000_000
    var meter = DecisionMeter()
    for round in 0..<1_200_000 {
      let victim = Int(random.next() % UInt64(16 * devices))
      let priority = Priority(rawValue: UInt8(random.next() % 3) + 1) ?? .low
      let key = random.next() % 1000
      now += 100
      meter.measure(timed: round >= 1_000_000) {
        scheduler.finish(running[victim], at: Instant(nanoseconds: now), into: &actions)
        let request = SchedulerRequest(lane: lane, priority: priority, affinity: key)
        _ = scheduler.submit(request, at: Instant(nanoseconds: now), into: &actions)
      }
      guard actions.count == 1, case .start(let id, _) = actions[0] else { fatalError("\(actions)") }
      running[victim] = id
      actions.removeAll(keepingCapacity: true)
    }
    meter.report(queued, devices, "a slot is free, the next one starts", decisionsEach: 1)
  }

  /// CRITICAL comes, a call is cancelled and stops, CRITICAL starts and the victim waits again; CRITICAL ends and another
  /// call starts: four decisions.
  private static func preempt(_ queued: Int, _ devices: Int) {
    var (scheduler, lane, _) = full(queued, devices, maxWait: .seconds(3600))
    var actions: [SchedulerAction] = []
    actions.reserveCapacity(64)
    var now: Int64 = 1_000_000_000
    var meter = DecisionMeter()
    let before = scheduler.decisions
    for round in 0..<600_000 {
      now += 300
      meter.measure(timed: round >= 500_000) {
        let critical = scheduler.submit(
          SchedulerRequest(lane: lane, priority: .critical), at: Instant(nanoseconds: now), into: &actions)
        guard case .cancel(let victim)? = actions.last else { fatalError("\(actions)") }
        scheduler.cancelled(victim, at: Instant(nanoseconds: now + 100), into: &actions)
        scheduler.finish(critical, at: Instant(nanoseconds: now + 200), into: &actions)
      }
      actions.removeAll(keepingCapacity: true)
    }
    meter.report(
      queued, devices, "CRITICAL takes a slot and gives it back",
      decisionsEach: Double(scheduler.decisions - before) / 600_000)
  }
}

extension Decisions {
  /// The max wait of all is over at once.
  private static func refuse(_ queued: Int, _ devices: Int) {
    var (scheduler, _, _) = full(queued, devices, maxWait: .seconds(1))
    var actions: [SchedulerAction] = []
    actions.reserveCapacity(queued)
    let start = viva_thread_cpu_ns()
    scheduler.advance(Instant(nanoseconds: 2_000_000_000), into: &actions)
    let spent = viva_thread_cpu_ns() - start
    let rate = Table.decimal(Double(actions.count) / Double(spent) * 1e3, 2)
    print("| \(queued) | \(16 * devices) | all are refused at once, in one call | \(rate) M | | | | |")
  }
}

/// CPU time of all rounds, and the time of each of the last ones.
struct DecisionMeter {
  private var cpu: UInt64 = 0
  private var untimed = 0
  private var allocations: UInt64 = 0
  private var started: UInt64 = 0
  private var allocated: UInt64 = 0
  private var times: [UInt64] = []

  init() { times.reserveCapacity(200_000) }

  /// Rounds that are timed one by one come last, and do not count for the rate: reading the clock costs time too.
  @inline(__always)
  mutating func measure(timed: Bool, _ body: () -> Void) {
    if timed {
      if cpu == 0 {
        cpu = viva_thread_cpu_ns() - started
        allocations = viva_allocations() - allocated
      }
      let start = viva_mono_ns()
      body()
      times.append(viva_mono_ns() - start)
    } else {
      if untimed == 0 {
        started = viva_thread_cpu_ns()
        allocated = viva_allocations()
      }
      body()
      untimed += 1
    }
  }

  mutating func report(_ queued: Int, _ devices: Int, _ what: String, decisionsEach: Double) {
    times.sort()
    func micro(_ part: Double) -> String { Table.decimal(Double(times[Int(part * Double(times.count - 1))]) / 1000, 2) }
    let rate = Double(untimed) * decisionsEach / (Double(cpu) / 1e9)
    let each = Double(allocations) / (Double(untimed) * decisionsEach)
    print(
      "| \(queued) | \(16 * devices) | \(what) | \(Table.decimal(rate / 1e6, 2)) M | \(micro(0.5)) | \(micro(0.99)) | \(micro(0.999)) "
        + "| \(Table.decimal(each, 2)) |")
  }
}
