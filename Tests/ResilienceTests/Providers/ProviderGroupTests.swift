import Resilience
import Runtime
import Testing

@Suite struct ProviderGroupTests {
  private func group() -> ProviderGroup<String> {
    ProviderGroup(
      [
        .init(.init("primary"), breaker: .llm, deadline: .llm),
        .init(.init("backup", priority: 1), breaker: .llm, deadline: .llm),
      ], at: at(0))
  }

  /// Who is asked, in this order, if all fail; `!` marks a last resort.
  private func way(
    _ group: ProviderGroup<String>, at now: Instant, isAvailable: (String) -> Bool = { _ in true }
  ) -> [String] {
    var group = group
    var random = Seeded(state: 1)
    var way = group.way(at: now, using: &random, isAvailable: isAvailable)
    var asked: [String] = []
    while let call = group.next(on: &way, at: now) { asked.append(call.id + (call.isLastResort ? "!" : "")) }
    #expect(way.isOver)
    return asked
  }

  private func begin(_ group: inout ProviderGroup<String>, at now: Instant) -> ProviderGroup<String>.Call? {
    var random = Seeded(state: 1)
    var way = group.way(at: now, using: &random)
    return group.next(on: &way, at: now)
  }

  /// Calls that the first provider fails.
  private func fail(_ group: inout ProviderGroup<String>, calls: Int, at now: Instant) {
    for _ in 0..<calls {
      if let call = begin(&group, at: now) { group.failed(call, at: now) }
    }
  }

  @Test("a failed call goes over at once, while the breaker still lets others through")
  func failsOver() {
    var group = group()
    var random = Seeded(state: 1)
    var way = group.way(at: at(1), using: &random)
    let first = group.next(on: &way, at: at(1))!
    #expect(first.id == "primary")
    #expect(first.limit == .seconds(5))
    group.failed(first, at: at(1))
    let second = group.next(on: &way, at: at(1))!
    #expect(second.id == "backup")
    group.succeeded(second, after: .seconds(1), at: at(2))
    #expect(self.way(group, at: at(2)) == ["primary", "backup"])
    // One call makes no other service.
    #expect(group.source(answeredBy: "backup") == .primary)
  }

  @Test("once the breaker is open the backup is first, and serves as such")
  func steersLaterCalls() {
    var group = group()
    fail(&group, calls: 3, at: at(1))
    #expect(way(group, at: at(2)) == ["backup", "primary!"])
    #expect(group.source(answeredBy: "backup") == .backup)
    #expect(group.takeTransitions().map(\.id) == ["primary"])
  }

  @Test("who was ready when the way was chosen is asked in the end, whatever other calls have done meanwhile")
  func answersNothingOnlyWhenNothingIsLeft() {
    var group = ProviderGroup([.init(.init("only"), breaker: .llm, deadline: .llm)], at: at(0))
    var random = Seeded(state: 1)
    var way = group.way(at: at(1), using: &random)
    fail(&group, calls: 3, at: at(1))
    #expect(group.breaker(of: "only")?.state == .open)
    let call = group.next(on: &way, at: at(2))
    #expect(call?.isLastResort == true)
    #expect(group.next(on: &way, at: at(2)) == nil)

    way = group.way(at: at(61), using: &random)
    for _ in 0..<2 { #expect(begin(&group, at: at(61))?.isLastResort == false) }
    #expect(group.next(on: &way, at: at(61))?.isLastResort == true)
  }

  @Test("probes give the primary its traffic back, and the ladder its word")
  func probesGiveBack() {
    var group = group()
    fail(&group, calls: 3, at: at(1))
    #expect(group.takeProbes(all: false, at: at(2)) == ["primary"])
    #expect(group.takeProbes(all: false, at: at(2.5)) == [])
    group.probed("primary", succeeded: true, at: at(2.6))
    #expect(group.takeProbes(all: true, at: at(3)) == ["primary", "backup"])
    #expect(group.ladderInput(.llm, answered: ["primary", "backup"], at: at(3)) == .works(.llm, by: .backup))
    group.probed("primary", succeeded: true, at: at(3.1))
    #expect(group.ladderInput(.llm, answered: ["primary", "backup"], at: at(3.1)) == .works(.llm, by: .primary))
    #expect(group.ladderInput(.llm, answered: [], at: at(3.1)) == .fails(.llm))
    #expect(way(group, at: at(4)) == ["primary", "backup"])
  }

  @Test("a worker that is not there comes last, and first when it is back")
  func mindsAvailability() {
    let group = group()
    #expect(way(group, at: at(1)) { $0 != "primary" } == ["backup", "primary!"])
  }

  @Test("ids that are not of the group are ignored")
  func ignoresStrangers() {
    var group = group()
    group.probed("other", succeeded: false, at: at(1))
    group.force(.forcedOpen, "other", at: at(1))
    #expect(group.breaker(of: "other") == nil)
    #expect(group.takeTransitions().isEmpty)
  }

  @Test("an operator takes a provider out, and puts it back")
  func obeysTheOperator() {
    var group = group()
    group.force(.forcedOpen, "primary", at: at(1))
    #expect(way(group, at: at(1e5)) == ["backup"])
    #expect(group.takeProbes(all: true, at: at(1e5)) == ["backup"])
    group.force(.closed, "primary", at: at(1e5))
    #expect(way(group, at: at(1e5)) == ["primary", "backup"])
  }
}
