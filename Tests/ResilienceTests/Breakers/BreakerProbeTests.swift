import Resilience
import Runtime
import Testing

@Suite struct BreakerProbeTests {
  @Test("two good probes end the open state early, and calls close it")
  func probesEndTheOpenState() {
    var breaker = CircuitBreaker.opened(.llm, at: at(0))
    breaker.probeSucceeded(at: at(1))
    breaker.probeFailed(at: at(2))
    breaker.probeSucceeded(at: at(3))
    #expect(breaker.state == .open)
    breaker.probeSucceeded(at: at(4))
    #expect(breaker.state == .halfOpen)
    for _ in 0..<2 { breaker.succeed(at: at(5)) }
    #expect(breaker.state == .closed)
    #expect(
      breaker.takeTransitions().map(\.reason) == [.consecutiveFailures, .probesSucceeded, .trialsSucceeded])
  }

  @Test("a provider that answers nothing but probes is believed less each time, until it has closed")
  func distrustsProbes() {
    var breaker = CircuitBreaker.opened(.llm, at: at(0))
    var needed: [Int] = []
    for _ in 0..<4 {
      var probes = 0
      while breaker.state == .open {
        breaker.probeSucceeded(at: at(1))
        probes += 1
      }
      needed.append(probes)
      breaker.fail(at: at(1))
    }
    #expect(needed == [2, 4, 8, 16])
    while breaker.state == .open { breaker.probeSucceeded(at: at(1)) }
    for _ in 0..<2 { breaker.succeed(at: at(1)) }
    for _ in 0..<3 { breaker.fail(at: at(1)) }
    for _ in 0..<2 { breaker.probeSucceeded(at: at(1)) }
    #expect(breaker.state == .halfOpen)
  }

  @Test("a probe is due once a second while calls are held back, and never else")
  func probesEverySecond() {
    var breaker = CircuitBreaker(.llm, at: at(0))
    #expect(breaker.takeProbe(at: at(0)) == false)
    breaker = .opened(.llm, at: at(0))
    let taken = (0..<100).count { breaker.takeProbe(at: at(Double($0) / 10)) }
    #expect(taken == 10)
    #expect(breaker.takeProbe(at: at(60)) == true)
    #expect(breaker.state == .halfOpen)
    breaker.force(.forcedOpen, at: at(61))
    #expect(breaker.takeProbe(at: at(100)) == false)
    breaker.force(.disabled, at: at(101))
    #expect(breaker.takeProbe(at: at(110)) == false)
  }

  @Test("a round that comes a little early probes all the same")
  func probesALittleEarly() {
    var breaker = CircuitBreaker.opened(.llm, at: at(0))
    #expect(breaker.takeProbe(at: at(1.03)) == true)
    #expect(breaker.takeProbe(at: at(2.0)) == true)
    #expect(breaker.takeProbe(at: at(2.9)) == false)
  }

  @Test("a failed probe opens a breaker that is half-open, and leaves a closed one alone")
  func failedProbes() {
    var breaker = CircuitBreaker.opened(.llm, at: at(0))
    breaker.advance(to: at(60))
    #expect(breaker.state == .halfOpen)
    breaker.probeFailed(at: at(60))
    #expect(breaker.state == .open)
    breaker = CircuitBreaker(.llm, at: at(0))
    for _ in 0..<100 { breaker.probeFailed(at: at(1)) }
    #expect(breaker.state == .closed)
  }

  @Test(
    "whatever happens, no more trials are under way than permitted, and the open state ends", arguments: 0..<UInt64(30))
  func keepsItsInvariants(seed: UInt64) {
    var random = Seeded(state: seed)
    let settings = [BreakerSettings.asr, .llm, .tts][Int(seed % 3)]
    var breaker = CircuitBreaker(settings, at: at(0))
    var now = at(0)
    var permits: [CircuitBreaker.Permit] = []
    var problems: [String] = []
    var reached: Set<CircuitBreaker.State> = []
    for step in 0..<3000 {
      // By turns good and bad times.
      let fails = step % 200 < 100
      now = now + .milliseconds(Int.random(in: 0..<2000, using: &random))
      let before = breaker.state
      let permit = permits.isEmpty ? nil : permits.randomElement(using: &random)
      switch Int.random(in: 0..<9, using: &random) {
      case 0...2: permits += [breaker.permission(at: now).permit].compactMap(\.self)
      case 3: permits += [breaker.lastResort(at: now)].compactMap(\.self)
      case 4, 5:
        guard let permit else { break }
        if fails { breaker.failed(permit, at: now) } else { breaker.succeeded(permit, after: .zero, at: now) }
      case 6: if let permit { breaker.ignored(permit, at: now) }
      case 7:
        let retryAfter = Duration.seconds(Int.random(in: -1...90, using: &random))
        if let permit, fails { breaker.failed(permit, retryAfter: retryAfter, at: now) }
      default:
        if breaker.takeProbe(at: now) {
          if fails { breaker.probeFailed(at: now) } else { breaker.probeSucceeded(at: now) }
        }
      }
      reached.insert(breaker.state)
      if permits.count > 4 { permits.removeFirst() }
      if breaker.trialsUnderWay > settings.permittedNumberOfCallsInHalfOpenState { problems.append("trials \(now)") }
      if before != .open, breaker.state == .open {
        var alone = breaker
        if alone.permission(at: now + .seconds(90)).permit == nil { problems.append("open for ever \(now)") }
      }
    }
    #expect(problems.isEmpty)
    #expect(reached == [.closed, .open, .halfOpen])
  }
}
