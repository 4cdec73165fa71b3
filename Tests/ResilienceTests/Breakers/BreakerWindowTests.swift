import Resilience
import Runtime
import Testing

@Suite struct BreakerWindowTests {
  private func breaker(_ window: BreakerSettings.SlidingWindow) -> CircuitBreaker {
    CircuitBreaker(
      BreakerSettings(
        consecutiveFailures: nil, successesToClose: 2, waitDurationInOpenState: .seconds(10),
        permittedNumberOfCallsInHalfOpenState: 2, slidingWindow: window), at: at(0))
  }

  @Test("it opens at the failure rate, and not before the least number of calls")
  func opensAtTheFailureRate() {
    var breaker = breaker(.init(slidingWindowSize: 20, minimumNumberOfCalls: 10, failureRateThreshold: 50))
    for _ in 0..<5 { breaker.succeed(at: at(0)) }
    for _ in 0..<4 { breaker.fail(at: at(0)) }
    #expect(breaker.state == .closed)
    breaker.fail(at: at(0))
    #expect(breaker.state == .open)
    #expect(breaker.takeTransitions().map(\.reason) == [.failureRate])
  }

  @Test("calls that have left the window count no more")
  func forgets() {
    var breaker = breaker(.init(slidingWindowSize: 10, minimumNumberOfCalls: 10, failureRateThreshold: 50))
    for _ in 0..<100 {
      for _ in 0..<6 { breaker.succeed(at: at(0)) }
      for _ in 0..<4 { breaker.fail(at: at(0)) }
    }
    #expect(breaker.state == .closed)
    breaker.fail(at: at(0))
    #expect(breaker.state == .open)
  }

  @Test("one error in a hundred opens none of the presets in 10,000 calls", arguments: 0..<UInt64(10))
  func toleratesBackgroundErrors(seed: UInt64) {
    var random = Seeded(state: seed)
    for settings in [BreakerSettings.asr, .llm, .tts] {
      var breaker = CircuitBreaker(settings, at: at(0))
      for _ in 0..<10_000 {
        if Int.random(in: 0..<100, using: &random) == 0 { breaker.fail(at: at(0)) } else { breaker.succeed(at: at(0)) }
      }
      #expect(breaker.takeTransitions().count <= 1)
    }
  }

  @Test("calls that are answered, and too late, open it, too; a slow trial opens it again")
  func opensAtTheSlowCallRate() {
    var breaker = breaker(
      .init(
        slidingWindowSize: 10, minimumNumberOfCalls: 4, slowCallRateThreshold: 75,
        slowCallDurationThreshold: .milliseconds(1500)))
    breaker.succeed(after: .milliseconds(1500), at: at(0))
    for _ in 0..<3 { breaker.succeed(after: .milliseconds(1501), at: at(0)) }
    #expect(breaker.state == .open)
    breaker.succeed(after: .seconds(2), at: at(10))
    #expect(breaker.state == .open)
    for _ in 0..<2 { breaker.succeed(after: .seconds(1), at: at(20)) }
    #expect(breaker.state == .closed)
    #expect(
      breaker.takeTransitions().map(\.reason) == [.slowCallRate, .waitOver, .trialSlow, .waitOver, .trialsSucceeded])
  }

  @Test("without a threshold no call is slow")
  func slowIsOptional() {
    var breaker = breaker(.init())
    for _ in 0..<100 { breaker.succeed(after: .seconds(100), at: at(0)) }
    #expect(breaker.state == .closed)
  }

  @Test("what was counted before it closed is forgotten")
  func startsAfresh() {
    var breaker = breaker(.init(slidingWindowSize: 10, minimumNumberOfCalls: 2, failureRateThreshold: 50))
    for _ in 0..<2 { breaker.fail(at: at(0)) }
    for _ in 0..<2 { breaker.succeed(at: at(10)) }
    #expect(breaker.state == .closed)
    breaker.fail(at: at(11))
    #expect(breaker.state == .closed)
  }

  @Test("odd settings neither trap nor open without a failure", arguments: [Int.min, -1, 0, 1, .max])
  func survivesOddSettings(number: Int) {
    for rate in [-1.0, 0, 100, 1e300, .infinity, .nan] {
      var breaker = breaker(
        .init(
          slidingWindowSize: number, minimumNumberOfCalls: number, failureRateThreshold: rate,
          slowCallRateThreshold: rate))
      for _ in 0..<100 { breaker.succeed(after: .seconds(1), at: at(0)) }
      #expect(breaker.state == .closed)
      for _ in 0..<100 { breaker.fail(at: at(0)) }
    }
  }
}
