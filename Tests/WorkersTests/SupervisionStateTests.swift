import Glibc
import Runtime
import Testing

@testable import Workers

@Suite struct SupervisionStateTests {
  typealias State = SupervisedProcessState

  /// The state with a clock that is moved by hand.
  struct Bench {
    var state = State(readyTimeout: .seconds(60))
    var now = Instant(nanoseconds: 1_000_000_000)

    mutating func send(_ event: State.Event) -> [State.Action] {
      state.handle(event, now: now)
    }

    /// Moves to the next deadline and tells of it.
    mutating func timeout() -> [State.Action] {
      now = state.nextDeadline ?? now
      return send(.timeout)
    }

    mutating func start() {
      _ = send(.start)
      _ = send(.spawned)
    }

    /// Answers the next probe, and that one's ticket.
    mutating func probe(answered: Bool) -> [State.Action] {
      guard case .probe(let ticket)? = timeout().first else { return [] }
      return send(.probed(ticket: ticket, answered: answered))
    }

    mutating func becomeReady() {
      start()
      guard case .warmUp(let ticket)? = probe(answered: true).last else { return }
      _ = send(.warmed(ticket: ticket, failure: nil))
    }
  }

  @Test func `a worker is spawned, probed until it answers, warmed, and ready`() {
    var bench = Bench()
    #expect(bench.send(.start) == [.spawn, .report(from: .waiting, to: .starting, detail: nil)])
    #expect(bench.send(.spawned) == [])
    #expect(bench.timeout() == [.probe(ticket: 1)])
    #expect(bench.send(.probed(ticket: 1, answered: false)) == [])
    #expect(bench.timeout() == [.probe(ticket: 2)])
    #expect(
      bench.send(.probed(ticket: 2, answered: true)) == [
        .report(from: .starting, to: .warming, detail: nil), .warmUp(ticket: 3),
      ])
    #expect(
      bench.send(.warmed(ticket: 3, failure: nil)) == [.report(from: .warming, to: .ready, detail: nil)])
    let ready = bench.now
    #expect(bench.timeout() == [.probe(ticket: 4)])
    #expect(bench.now - ready == .seconds(5))
  }

  @Test func `the pause doubles up to ten seconds and it never gives up`() {
    var bench = Bench()
    var pauses: [Duration] = []
    bench.start()
    for _ in 0..<40 {
      _ = bench.send(.exited("exited"))
      #expect(bench.state.phase == .backoff)
      let failed = bench.now
      #expect(bench.timeout().first == .spawn)
      pauses.append(bench.now - failed)
      _ = bench.send(.spawned)
    }
    #expect(
      pauses.prefix(8) == [
        .milliseconds(250), .milliseconds(500), .seconds(1), .seconds(2), .seconds(4), .seconds(8),
        .seconds(10), .seconds(10),
      ])
    #expect(pauses.last == .seconds(10))
  }

  @Test(arguments: [(29, 2), (30, 1)])
  func `thirty seconds of health forgive earlier failures`(seconds: Int, failures: Int) {
    var bench = Bench()
    bench.start()
    _ = bench.send(.exited("exited"))
    _ = bench.timeout()
    _ = bench.send(.spawned)
    guard case .warmUp(let ticket)? = bench.probe(answered: true).last else {
      Issue.record("no warm-up")
      return
    }
    _ = bench.send(.warmed(ticket: ticket, failure: nil))
    bench.now = bench.now + .seconds(seconds)
    _ = bench.send(.exited("exited"))
    #expect(bench.state.failures == failures)
  }

  @Test func `a worker that does not get ready in time is killed and started again once it is gone`() {
    var bench = Bench()
    bench.start()
    var actions: [State.Action] = []
    for _ in 0..<1000 where bench.state.phase == .starting {
      actions = bench.probe(answered: false)
      if actions.isEmpty, bench.state.phase == .starting { continue }
    }
    #expect(bench.state.phase == .backoff)
    #expect(bench.now == Instant(nanoseconds: 61_000_000_000))
    // The pause is over, the process is not.
    #expect(bench.timeout() == [])
    #expect(bench.state.nextDeadline == nil)
    #expect(bench.send(.exited("was killed")).first == .spawn)
  }

  @Test func `a warm-up that fails or hangs counts as a failure`() {
    var failing = Bench()
    failing.start()
    _ = failing.probe(answered: true)
    #expect(
      failing.send(.warmed(ticket: 2, failure: "no voice")) == [
        .signal(SIGKILL), .report(from: .warming, to: .backoff, detail: "the warm-up failed: no voice"),
      ])

    var hanging = Bench()
    hanging.start()
    _ = hanging.probe(answered: true)
    #expect(
      hanging.timeout() == [
        .signal(SIGKILL), .report(from: .warming, to: .backoff, detail: "not ready after 60 s"),
      ])
  }

  @Test func `three silences in a row restart a ready worker, two do not`() {
    var bench = Bench()
    bench.becomeReady()
    for answered in [false, false, true, false, false] {
      #expect(bench.probe(answered: answered) == [])
      #expect(bench.state.phase == .ready)
    }
    #expect(
      bench.probe(answered: false) == [
        .signal(SIGKILL),
        .report(from: .ready, to: .backoff, detail: "did not answer 3 times in a row"),
      ])
  }

  @Test func `a probe without answer counts after five seconds and its late answer does not`() {
    var bench = Bench()
    bench.becomeReady()
    for _ in 0..<2 {
      guard case .probe(let ticket)? = bench.timeout().first else {
        Issue.record("no probe")
        return
      }
      let asked = bench.now
      #expect(bench.timeout() == [])
      #expect(bench.now - asked == .seconds(5))
      #expect(bench.send(.probed(ticket: ticket, answered: true)) == [])
    }
    _ = bench.timeout()
    #expect(bench.timeout().first == .signal(SIGKILL))
  }

  @Test func `stop asks first and kills three seconds later`() {
    var bench = Bench()
    bench.becomeReady()
    let asked = bench.now
    #expect(
      bench.send(.stop) == [.report(from: .ready, to: .stopping, detail: nil), .signal(SIGTERM), .signal(SIGCONT)])
    #expect(bench.timeout() == [.signal(SIGKILL)])
    #expect(bench.now - asked == .seconds(3))
    #expect(bench.state.nextDeadline == nil)
    #expect(
      bench.send(.exited("was killed")) == [.report(from: .stopping, to: .stopped, detail: nil)])
  }

  @Test func `stop during a pause is immediate and final`() {
    var bench = Bench()
    bench.start()
    _ = bench.send(.exited("exited"))
    #expect(bench.send(.stop) == [.report(from: .backoff, to: .stopped, detail: nil)])
    #expect(bench.state.nextDeadline == nil)
    #expect(bench.send(.start) == [])
    #expect(bench.send(.stop) == [])
  }

  @Test func `a command that cannot be run is tried again too`() {
    var bench = Bench()
    _ = bench.send(.start)
    #expect(
      bench.send(.spawnFailed("cannot run x")) == [
        .report(from: .starting, to: .backoff, detail: "cannot run x")
      ])
    #expect(bench.timeout().first == .spawn)
  }
}
