import Runtime
import Scheduling
import SchedulingSimulation
import Testing

@Suite struct SimulationTests {
  /// Pools, loads, faults, cancels and refusing workers at random.
  private static func world(_ seed: UInt64) throws -> (GPUPool, Trace) {
    var random = SeededRandom(seed: seed)
    func draw(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    let devices = try (0..<draw(1...5)).map { number in
      let kinds: [GPUPool.WorkerKind] = number == 0 ? [.llm, .tts] : [.llm]
      let role = try #require(number == 0 ? .mixed : GPUPool.Role.allCases.randomElement(using: &random))
      return GPUPool.Device(
        name: "d\(number)", role: role,
        instances: kinds.map { kind in
          GPUPool.Instance(
            name: "\(kind)-\(number)", kind: kind, slots: draw(1...8),
            cancelLatency: .milliseconds(draw(1...4) == 1 ? 300 : 20))
        })
    }
    let pool = try GPUPool(devices: devices)
    let slots = pool.instances.reduce(0) { $0 + $1.slots }
    let mix = Trace.mix(total: Double(draw(50...250)) / 100)
    var trace = Trace.poisson(mix, slots: slots, seconds: 60, seed: seed)
    for index in trace.arrivals.indices {
      trace.arrivals[index].lane = draw(0...9) == 0 ? 1 : 0
      guard draw(0...9) == 0 else { continue }
      trace.arrivals[index].cancelAt = trace.arrivals[index].at + Int64(draw(0...3_000_000_000))
    }
    for number in devices.indices where draw(0...1) == 0 {
      let at = Int64(draw(0...40_000_000_000))
      trace.faults.append(Trace.Fault(at: at, device: number, isRecovery: false))
      trace.faults.append(
        Trace.Fault(at: at + Int64(draw(0...20_000_000_000)), device: number, isRecovery: true))
    }
    trace.faults.sort { $0.at < $1.at }
    return (pool, trace)
  }

  @Test(
    "no slot is sold twice, each request ends once and in time, and nobody is queued again too often",
    arguments: 1...40 as ClosedRange<UInt64>)
  func keepsTheRules(seed: UInt64) throws {
    let (pool, trace) = try Self.world(seed)
    var simulation = Simulation(
      Scheduler(pool: pool, at: Instant(nanoseconds: 0)), pool: pool, trace: trace, seed: seed,
      cancelLatency: 1_000_000...150_000_000, workerRefusals: seed % 3 == 0 ? 0.02 : 0)
    let (outcome, scheduler) = simulation.run()
    #expect(outcome.violations.isEmpty, "\(outcome.violations.prefix(3))")
    #expect(scheduler.count == 0)
    let metrics = scheduler.metrics()
    for priority in Priority.allCases { #expect(metrics[priority].startedLate == 0 && metrics.depth(priority) == 0) }
    #expect(metrics[.critical].preempted == 0)
    let snapshot = scheduler.snapshot(at: Instant(nanoseconds: 0))
    #expect(snapshot.instances.allSatisfy { $0.busy == 0 && $0.stopping == 0 })
    #expect(snapshot.running.isEmpty)
    // Each request ends once: by the scheduler's count as by the simulation's.
    let ended = Priority.allCases.reduce(0) {
      $0 + metrics[$1].finished + metrics[$1].cancelled + metrics[$1].refusals
    }
    #expect(ended == UInt64(trace.arrivals.count))
  }

  @Test(
    "at 150 % with CRITICAL at 70 %, CRITICAL starts within 100 ms and LOW keeps 5 % of each 60 s",
    arguments: [21, 22] as [UInt64])
  func keepsTheGoals(seed: UInt64) {
    let pool = GPUPool.simulated(devices: 8, slots: 16)
    let trace = Trace.poisson(Trace.mix(total: 1.5), slots: 128, seconds: 150, seed: seed)
    var simulation = Simulation(
      Scheduler(pool: pool, at: Instant(nanoseconds: 0)), pool: pool, trace: trace, seed: seed)
    let outcome = simulation.run().outcome
    #expect(outcome.violations.isEmpty, "\(outcome.violations.prefix(3))")
    #expect(outcome[.critical].missed == 0)
    #expect(outcome[.critical].wait(1) <= 100)
    // From the first second in which LOW waits.
    #expect(outcome[.low].leastShare(slots: 128, from: 10, to: 150) >= 0.05)
  }

  @Test("the others do not: strict priority starves LOW, EDF and FIFO keep CRITICAL waiting")
  func othersDoNot() {
    let pool = GPUPool.simulated(devices: 8, slots: 16)
    let trace = Trace.poisson(Trace.mix(total: 1.5), slots: 128, seconds: 100, seed: 23)
    func outcome(_ order: PlainScheduler.Order) -> Outcome {
      var simulation = Simulation(PlainScheduler(order, pool: pool), pool: pool, trace: trace, seed: 23)
      return simulation.run().outcome
    }
    #expect(outcome(.strict)[.low].leastShare(slots: 128, from: 10, to: 100) < 0.01)
    #expect(outcome(.edf)[.critical].missed > 0.2)
    #expect(outcome(.fifo)[.critical].missed > 0.5)
  }

  @Test("a run of CRITICAL that leaves no room still leaves LOW its floor")
  func floorOutlivesAFlood() {
    let pool = GPUPool.simulated(devices: 2, slots: 16)
    let loads = [Trace.Load(.critical, part: 1.6, service: 1), Trace.Load(.low, part: 0.5, service: 2)]
    let trace = Trace.poisson(loads, slots: 32, seconds: 150, seed: 5)
    var simulation = Simulation(
      Scheduler(pool: pool, at: Instant(nanoseconds: 0)), pool: pool, trace: trace, seed: 5)
    let outcome = simulation.run().outcome
    #expect(outcome.violations.isEmpty, "\(outcome.violations.prefix(3))")
    #expect(outcome[.low].leastShare(slots: 32, from: 20, to: 150) >= 0.05)
  }

  @Test("the same seed gives the same outcome")
  func isRepeatable() throws {
    let (pool, trace) = try Self.world(99)
    func waits() -> [[Int64]] {
      var simulation = Simulation(
        Scheduler(pool: pool, at: Instant(nanoseconds: 0)), pool: pool, trace: trace, seed: 99)
      return simulation.run().outcome.classes.map(\.waits)
    }
    #expect(waits() == waits())
  }
}
