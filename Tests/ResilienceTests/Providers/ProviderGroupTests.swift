import Runtime
import Testing

@testable import Resilience

@Suite struct ProviderGroupTests {
  private func group() -> ProviderGroup<String> {
    ProviderGroup(
      [
        .init(.init("primary"), breaker: .llm, deadline: .llm),
        .init(.init("backup", priority: 1), breaker: .llm, deadline: .llm),
      ], at: at(0))
  }

  private func way(
    _ group: ProviderGroup<String>, at now: Instant, isAvailable: (String) -> Bool = { _ in true }
  ) -> [ProviderOrder<String>.Attempt] {
    var random = Seeded(state: 1)
    return group.attempts(at: now, using: &random, isAvailable: isAvailable)
  }

  /// Calls of which the primary fails each.
  private func fail(_ group: inout ProviderGroup<String>, calls: Int, at now: Instant) {
    for _ in 0..<calls {
      let primary = group.begin(.init(id: "primary", isLastResort: false), at: now)!
      group.failed(primary, at: now)
    }
  }

  @Test("a failed call goes over at once, while the breaker still lets others through")
  func failsOver() {
    var group = group()
    let way = way(group, at: at(1))
    #expect(way.map(\.id) == ["primary", "backup"])
    group.failed(group.begin(way[0], at: at(1))!, at: at(1))
    let call = group.begin(way[1], at: at(1))!
    #expect(call.limit == .seconds(5))
    group.succeeded(call, after: .seconds(1), at: at(2))
    #expect(self.way(group, at: at(2)).first?.id == "primary")
    // One call makes no other service.
    #expect(group.source(answeredBy: "backup") == .primary)
  }

  @Test("once the breaker is open the backup is first, and serves as such")
  func steersLaterCalls() {
    var group = group()
    fail(&group, calls: 3, at: at(1))
    #expect(way(group, at: at(2)).map(\.id) == ["backup", "primary"])
    #expect(group.source(answeredBy: "backup") == .backup)
    #expect(group.begin(.init(id: "primary", isLastResort: false), at: at(2)) == nil)
    #expect(group.begin(.init(id: "primary", isLastResort: true), at: at(2)) != nil)
    #expect(group.takeTransitions().map(\.id) == ["primary"])
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
    #expect(way(group, at: at(4)).first?.id == "primary")
  }

  @Test("a worker that is not there comes last, and first when it is back")
  func mindsAvailability() {
    let group = group()
    let way = way(group, at: at(1)) { $0 != "primary" }
    #expect(way.map(\.id) == ["backup", "primary"])
    #expect(way.map(\.isLastResort) == [false, true])
  }

  @Test("ids that are not of the group are let through nowhere")
  func ignoresStrangers() {
    var group = group()
    #expect(group.begin(.init(id: "other", isLastResort: true), at: at(1)) == nil)
    group.probed("other", succeeded: false, at: at(1))
    group.force(.forcedOpen, "other", at: at(1))
    #expect(group.breaker(of: "other") == nil)
    #expect(group.takeTransitions().isEmpty)
  }

  @Test("an operator takes a provider out, and puts it back")
  func obeysTheOperator() {
    var group = group()
    group.force(.forcedOpen, "primary", at: at(1))
    #expect(way(group, at: at(1e5)).map(\.id) == ["backup"])
    #expect(group.takeProbes(all: true, at: at(1e5)) == ["backup"])
    group.force(.closed, "primary", at: at(1e5))
    #expect(way(group, at: at(1e5)).map(\.id) == ["primary", "backup"])
  }
}
