import Foundation
import Runtime
import Testing

/// `VIVA_SIMULATIONS` is how many there are in all, 100 without it.
@Suite struct FailoverSimulationTests {
  private static let parts: UInt64 = 10
  private static var each: UInt64 {
    max(1, (ProcessInfo.processInfo.environment["VIVA_SIMULATIONS"].flatMap(UInt64.init) ?? 100) / parts)
  }

  @Test(
    "under random failures no turn is lost and nothing flaps, and afterwards all are at level 1", arguments: 0..<parts)
  func survivesRandomFailures(part: UInt64) {
    var total = FailoverSimulation.Figures()
    for seed in part * Self.each..<(part + 1) * Self.each {
      var simulation = FailoverSimulation(seed: seed)
      simulation.run()
      if !simulation.problems.isEmpty { Issue.record("seed \(seed): \(simulation.problems.prefix(5))") }
      total.add(simulation.figures)
    }
    // It was no idle run.
    #expect(total.failovers > 0 && total.opened > 0 && total.reversals > 0)
    if ProcessInfo.processInfo.environment["VIVA_SIMULATIONS"] != nil { print("part \(part): \(total)") }
  }
}

extension FailoverSimulation.Figures {
  mutating func add(_ other: Self) {
    turns += other.turns
    attempts += other.attempts
    failovers += other.failovers
    lastResorts += other.lastResorts
    opened += other.opened
    steps += other.steps
    reversals += other.reversals
    mostReversals = max(mostReversals, other.mostReversals)
  }
}
