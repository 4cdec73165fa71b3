import Foundation
import Runtime
import Scheduling
import SchedulingSimulation

/// The priority scheduler beside the usual ones, on the same traces.
enum Simulate {
  private static let seconds = 300
  private static let seeds: [UInt64] = [1, 2, 3]

  static func run() -> [Row] {
    let large = GPUPool.simulated(devices: 8, slots: 16)
    var rows: [Row] = []
    for load in [60, 80, 100, 150] { rows += compare("\(load) %", load, large) }
    let small = GPUPool.simulated(devices: 1, slots: 4)
    return rows + compare("4 slots, 150 %", 150, small)
  }

  /// - Parameter load: in per cent of the slots.
  private static func compare(_ title: String, _ load: Int, _ pool: GPUPool) -> [Row] {
    let start = Instant(nanoseconds: 0)
    var calm = SchedulerPolicy()
    calm.preempts = false
    var tight = SchedulerPolicy()
    tight.headroom = 0
    let mix = Trace.mix(total: Double(load) / 100)
    var rows = [
      row(title, "Viva", pool, mix) { Scheduler(pool: pool, at: start) },
      row(title, "Viva, no preemption", pool, mix) { Scheduler(pool: pool, policy: calm, at: start) },
      row(title, "Viva, no headroom", pool, mix) { Scheduler(pool: pool, policy: tight, at: start) },
    ]
    for order in PlainScheduler.Order.allCases {
      rows.append(row(title, order.rawValue, pool, mix) { PlainScheduler(order, pool: pool) })
    }
    // What no scheduler can do better: CRITICAL with the pool to itself.
    return rows + [row(title, "CRITICAL alone", pool, [mix[0]]) { PlainScheduler(.fifo, pool: pool) }]
  }

  private static func row<S: SimulatedScheduler>(
    _ title: String, _ name: String, _ pool: GPUPool, _ mix: [Trace.Load], _ make: () -> S
  ) -> Row {
    let slots = pool.instances.reduce(0) { $0 + $1.slots }
    var sum = Outcome()
    var lowShare = 1.0
    for seed in seeds {
      let trace = Trace.poisson(mix, slots: slots, seconds: seconds, seed: seed)
      var simulation = Simulation(make(), pool: pool, trace: trace, seed: seed)
      let outcome = simulation.run().outcome
      // In its first seconds LOW finds free slots at once or has nothing to do.
      lowShare = min(lowShare, outcome[.low].leastShare(slots: slots, from: 10, to: seconds))
      sum.add(outcome)
    }
    return Row(title: title, slots: slots, name: name, outcome: sum, lowShare: lowShare)
  }

  /// Writes the plot and the tables, which stand between two marks of `docs/scheduler.md`.
  static func write(_ rows: [Row], to directory: String) throws {
    try Plot.svg(rows).write(toFile: directory + "/scheduler.svg", atomically: true, encoding: .utf8)
    let path = directory + "/scheduler.md"
    let (begin, end) = ("<!-- simulation -->\n", "<!-- /simulation -->")
    let page = try String(contentsOfFile: path, encoding: .utf8)
    guard let from = page.range(of: begin)?.upperBound, let to = page.range(of: end)?.lowerBound, from <= to else {
      throw CocoaError(.fileReadCorruptFile)
    }
    try page.replacingCharacters(in: from..<to, with: text(rows))
      .write(toFile: path, atomically: true, encoding: .utf8)
  }

  static func text(_ rows: [Row]) -> String {
    let shares = rows.filter { $0.title == "150 %" && $0.outcome[.low].submitted > 0 }.map {
      "\($0.name) \(Table.decimal($0.lowShare * 100)) %"
    }
    let broken = rows.flatMap(\.outcome.violations)
    return Table.text(rows) + "\nLOW's least slot-time in any 60 s at 150 %: " + shares.joined(separator: ", ") + ".\n"
      + (broken.isEmpty ? "" : "\nBroken rules: \(broken.count), the first: \(broken[0])\n")
  }
}
