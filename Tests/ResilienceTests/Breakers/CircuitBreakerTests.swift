import Resilience
import Runtime
import Testing

@Suite struct CircuitBreakerTests {
  @Test(
    "it opens, lets trials through and closes with the figures of the requirements",
    arguments: [(BreakerSettings.asr, 5, 3, 30.0, 3), (.llm, 3, 2, 60, 2), (.tts, 5, 3, 30, 3)])
  func followsTheRequirements(
    _ settings: BreakerSettings, failures: Int, successes: Int, wait: Double, trials: Int
  ) {
    var breaker = CircuitBreaker(settings, at: at(0))
    for _ in 1..<failures { breaker.fail(at: at(1)) }
    #expect(breaker.state == .closed)
    breaker.fail(at: at(1))
    #expect(breaker.state == .open)
    #expect(breaker.permission(at: at(1)) == .denied(retryAfter: .seconds(wait)))
    #expect(breaker.permission(at: at(wait + 0.999)).permit == nil)

    let permits = (0..<trials).compactMap { _ in breaker.permission(at: at(wait + 1)).permit }
    #expect(permits.count == trials)
    #expect(breaker.state == .halfOpen)
    #expect(breaker.permission(at: at(wait + 1)) == .denied(retryAfter: nil))
    for permit in permits.prefix(successes - 1) { breaker.succeeded(permit, after: .zero, at: at(wait + 2)) }
    #expect(breaker.state == .halfOpen)
    breaker.succeeded(permits[successes - 1], after: .zero, at: at(wait + 2))
    #expect(breaker.state == .closed)
    #expect(
      breaker.takeTransitions().map(\.reason) == [.consecutiveFailures, .waitOver, .trialsSucceeded])
  }

  @Test("a success between failures keeps it closed")
  func successResetsTheCount() {
    var settings = BreakerSettings.llm
    settings.slidingWindow = nil
    var breaker = CircuitBreaker(settings, at: at(0))
    for _ in 0..<50 {
      breaker.fail(at: at(1))
      breaker.fail(at: at(1))
      breaker.succeed(at: at(1))
    }
    #expect(breaker.state == .closed)
  }

  @Test("one failed trial opens it again for the whole time")
  func failedTrialReopens() {
    var breaker = CircuitBreaker.opened(.llm, at: at(0))
    let permits = (0..<2).compactMap { _ in breaker.permission(at: at(60)).permit }
    breaker.succeeded(permits[0], after: .zero, at: at(61))
    breaker.failed(permits[1], at: at(62))
    #expect(breaker.state == .open)
    #expect(breaker.permission(at: at(62)) == .denied(retryAfter: .seconds(60)))
    #expect(breaker.permission(at: at(122)).permit != nil)
  }

  @Test("what the provider is not to blame for counts for nothing, and gives a trial's permit back")
  func ignoresCancels() {
    var breaker = CircuitBreaker(.llm, at: at(0))
    for _ in 0..<100 { breaker.ignored(breaker.permission(at: at(0)).permit!, at: at(0)) }
    #expect(breaker.state == .closed)

    breaker = .opened(.llm, at: at(0))
    for second in 60..<160 {
      let permit = breaker.permission(at: at(Double(second))).permit
      #expect(permit != nil)
      if let permit { breaker.ignored(permit, at: at(Double(second))) }
    }
    #expect(breaker.state == .halfOpen)
  }

  @Test("permits that are never given back do not wedge it, and what is told of them later counts for nothing")
  func survivesLeakedPermits() {
    var breaker = CircuitBreaker.opened(.llm, at: at(0))
    let leaked = (0..<2).compactMap { _ in breaker.permission(at: at(60)).permit }
    #expect(breaker.permission(at: at(119.9)).permit == nil)
    #expect(breaker.standing(at: at(119.9)) == .waiting(.zero))
    #expect(breaker.standing(at: at(120)) == .ready)
    let permit = breaker.permission(at: at(120)).permit
    #expect(permit != nil)
    for permit in leaked { breaker.failed(permit, at: at(121)) }
    #expect(breaker.state == .halfOpen)
    #expect(breaker.trialsUnderWay == 1)
  }

  @Test("a call of an earlier state, or told of twice, counts for nothing")
  func ignoresStalePermits() {
    var breaker = CircuitBreaker(.llm, at: at(0))
    let old = breaker.permission(at: at(0)).permit!
    for _ in 0..<3 { breaker.fail(at: at(1)) }
    breaker.succeeded(old, after: .zero, at: at(2))
    #expect(breaker.state == .open)
    let trial = breaker.permission(at: at(61)).permit!
    breaker.failed(old, at: at(62))
    #expect(breaker.state == .halfOpen)
    breaker.succeeded(trial, after: .zero, at: at(62))
    breaker.succeeded(trial, after: .zero, at: at(62))
    #expect(breaker.state == .halfOpen)
  }

  @Test("a server's Retry-After opens at once, and wins over the open duration either way", arguments: [2.0, 200])
  func honoursRetryAfter(seconds: Double) {
    var breaker = CircuitBreaker(.llm, at: at(0))
    let permit = breaker.permission(at: at(0)).permit!
    breaker.failed(permit, retryAfter: .seconds(seconds), at: at(1))
    #expect(breaker.state == .open)
    #expect(breaker.standing(at: at(1)) == .excluded)
    #expect(breaker.lastResort(at: at(1)) == nil)
    #expect(breaker.takeProbe(at: at(2)) == false)
    for _ in 0..<9 { breaker.probeSucceeded(at: at(2)) }
    #expect(breaker.permission(at: at(seconds + 0.9)).permit == nil)
    #expect(breaker.permission(at: at(seconds + 1)).permit != nil)
    #expect(breaker.takeTransitions().map(\.reason) == [.retryAfter, .waitOver])
  }

  @Test("a Retry-After is believed up to a limit, and one that says nothing is a failure like others")
  func boundsRetryAfter() {
    var breaker = CircuitBreaker(.llm, at: at(0))
    breaker.failed(breaker.permission(at: at(0)).permit!, retryAfter: .seconds(Int64.max), at: at(0))
    #expect(breaker.permission(at: at(0)) == .denied(retryAfter: .seconds(300)))
    breaker = CircuitBreaker(.llm, at: at(0))
    for nothing in [Duration.zero, .seconds(-5), .seconds(Int64.min)] {
      #expect(breaker.state == .closed)
      breaker.failed(breaker.permission(at: at(0)).permit!, retryAfter: nothing, at: at(0))
    }
    #expect(breaker.takeTransitions().map(\.reason) == [.consecutiveFailures])
  }

  @Test("a last resort that is answered ends the open state; one that fails does not prolong it")
  func lastResortTeaches() {
    var breaker = CircuitBreaker.opened(.llm, at: at(0))
    breaker.failed(breaker.lastResort(at: at(50))!, at: at(51))
    #expect(breaker.permission(at: at(59)) == .denied(retryAfter: .seconds(1)))
    breaker.succeeded(breaker.lastResort(at: at(59))!, after: .zero, at: at(59.5))
    #expect(breaker.state == .halfOpen)
    breaker.succeed(at: at(59.6))
    #expect(breaker.state == .closed)
    #expect(
      breaker.takeTransitions().map(\.reason) == [.consecutiveFailures, .callSucceeded, .trialsSucceeded])
  }

  @Test("an operator opens it for good, switches it off, and closes it again")
  func obeysTheOperator() {
    var breaker = CircuitBreaker(.llm, at: at(0))
    breaker.force(.forcedOpen, at: at(1))
    #expect(breaker.permission(at: at(1e6)) == .denied(retryAfter: nil))
    #expect(breaker.lastResort(at: at(1e6)) == nil)
    #expect(breaker.standing(at: at(1e6)) == .excluded)
    breaker.force(.disabled, at: at(1e6))
    for _ in 0..<100 { breaker.fail(at: at(1e6)) }
    breaker.failed(breaker.permission(at: at(1e6)).permit!, retryAfter: .seconds(9), at: at(1e6))
    #expect(breaker.permission(at: at(1e6)).permit != nil)
    breaker.force(.closed, at: at(1e6))
    for _ in 0..<3 { breaker.fail(at: at(1e6)) }
    #expect(breaker.state == .open)
    let reasons = breaker.takeTransitions().map(\.reason)
    #expect(reasons == [.operator, .operator, .operator, .consecutiveFailures])
    #expect(breaker.takeTransitions().isEmpty)
  }

  @Test("an operator who closes a closed one makes it forget its failures, and those to come of older calls")
  func closedByHandIsAsAtTheStart() {
    var breaker = CircuitBreaker(.llm, at: at(0))
    for _ in 0..<2 { breaker.fail(at: at(1)) }
    let older = breaker.permission(at: at(1)).permit!
    breaker.force(.closed, at: at(2))
    #expect(breaker.takeTransitions().isEmpty)
    breaker.failed(older, at: at(3))
    for _ in 0..<2 { breaker.fail(at: at(3)) }
    #expect(breaker.state == .closed)
    breaker.fail(at: at(3))
    #expect(breaker.state == .open)
  }

  @Test("states have resilience4j's names")
  func hasNames() {
    #expect(
      CircuitBreaker.State.allCases.map(\.rawValue) == ["closed", "open", "half_open", "forced_open", "disabled"])
  }
}

func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

extension CircuitBreaker {
  /// After failures in a row.
  static func opened(_ settings: BreakerSettings, at now: Instant) -> CircuitBreaker {
    var breaker = CircuitBreaker(settings, at: now)
    while breaker.state == .closed { breaker.fail(at: now) }
    return breaker
  }

  mutating func fail(at now: Instant) {
    if let permit = permission(at: now).permit { failed(permit, at: now) }
  }

  mutating func succeed(after firstResult: Duration = .zero, at now: Instant) {
    if let permit = permission(at: now).permit { succeeded(permit, after: firstResult, at: now) }
  }
}
