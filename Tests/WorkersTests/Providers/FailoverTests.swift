import Resilience
import Runtime
import Synchronization
import Testing
import VivaConfiguration
import VivaTesting

@testable import Workers

/// A clock that stands still until a test moves it.
final class TestClock: Sendable {
  private let now = Mutex(Instant(nanoseconds: 1_000_000_000_000))

  var time: @Sendable () -> Instant { { self.now.withLock { $0 } } }

  func pass(_ duration: Duration) { now.withLock { $0 = $0 + duration } }
}

/// Fail-over between two language models over real sockets, with the breakers' time in the tests' hands.
@Suite struct FailoverTests {
  let clock = TestClock()
  let observer = RecordingObserver()

  private func set(_ providers: [ProviderSettings]) -> WorkerSet {
    var settings = WorkerSettings()
    settings.llm = providers
    return WorkerSet(settings: settings, observer: observer, board: ProviderBoard(settings, clock: clock.time))
  }

  private func ask(_ set: WorkerSet, order: [String] = []) async throws -> String {
    try await all(set.languageModel(order: order).complete(.init(messages: [.user("Hello.")])))
      .reduce(into: "") { text, event in if case .text(let piece) = event { text += piece } }
  }

  private func state(_ set: WorkerSet, _ name: String) -> CircuitBreaker.State? {
    set.board.standings().first { $0.name == name }?.state
  }

  @Test("a hard error goes over at once; after three the primary is asked no more, until its wait is over")
  func hardError() async throws {
    let primary = try await ScriptedLanguageModelServer { _ in
      var reply = ScriptedLanguageModelServer.Reply("no")
      reply.fault = .error("broken", status: 500)
      return reply
    }
    let backup = try await ScriptedLanguageModelServer { _ in .init("yes") }
    let set = set([provider(.openai, primary.url, name: "a"), provider(.openai, backup.url, name: "b")])
    for _ in 0..<5 { #expect(try await ask(set) == "yes") }
    #expect(primary.counts.requests == 3)
    #expect(state(set, "a") == .open && state(set, "b") == .closed)
    #expect(set.board.source(.llm, answeredBy: "b") == .backup)
    clock.pass(.seconds(61))
    #expect(try await ask(set) == "yes")
    #expect(primary.counts.requests == 4)
    #expect(set.board.standings().first?.tally == .init(succeeded: 0, failed: 4, ignored: 0))
    await set.shutdown()
    await primary.shutdown()
    await backup.shutdown()
  }

  @Test("silence lasts its deadline, then the backup answers")
  func hang() async throws {
    let primary = try await ScriptedLanguageModelServer { _ in
      var reply = ScriptedLanguageModelServer.Reply("no")
      reply.fault = .stall(afterResults: 0)
      return reply
    }
    let backup = try await ScriptedLanguageModelServer { _ in .init("yes") }
    let set = set([
      provider(.openai, primary.url, name: "a", firstResult: 300), provider(.openai, backup.url, name: "b"),
    ])
    #expect(try await ask(set) == "yes")
    #expect(observer.requests.map(\.outcome) == ["first_result_timeout", "ok"])
    await set.shutdown()
    await primary.shutdown()
    await backup.shutdown()
  }

  @Test("a provider is waited for no longer than it has shown itself to need")
  func adaptiveDeadline() async throws {
    let server = try await ScriptedLanguageModelServer { request in
      var reply = ScriptedLanguageModelServer.Reply("yes")
      reply.fault = .stall(afterResults: 0)
      return reply
    }
    let set = set([provider(.openai, server.url, name: "a")])
    for _ in 0..<20 {
      var way = set.board.way(.llm, order: ["a"], isAvailable: { _ in true })!
      guard let call = set.board.next(.llm, on: &way, work: 10) else { throw CancellationError() }
      #expect(call.limit == .seconds(5))
      set.board.succeeded(.llm, call, after: .milliseconds(600))
    }
    let limit = try #require(set.board.standings().first?.limit.milliseconds)
    #expect((1199...1200).contains(limit))
    let error = await failure(set.languageModel().complete(.init(messages: [.user("Hello.")])))
    #expect(error?.kind == .firstResultTimeout)
    #expect(error?.message == "no first result within \(limit) ms")
    await set.shutdown()
    await server.shutdown()
  }

  @Test("429 with Retry-After keeps everybody away for so long, and not longer")
  func retryAfter() async throws {
    let primary = try await ScriptedHTTPService { _ in
      var reply = ScriptedHTTPService.Reply(429, #"{"error":{"message":"slow down"}}"#)
      reply.headers["Retry-After"] = "7"
      return reply
    }
    let backup = try await ScriptedLanguageModelServer { _ in .init("yes") }
    let set = set([provider(.openai, primary.url + "/v1", name: "a"), provider(.openai, backup.url, name: "b")])
    for _ in 0..<3 { #expect(try await ask(set) == "yes") }
    #expect(primary.counts.requests == 1 && state(set, "a") == .open)
    clock.pass(.milliseconds(6900))
    #expect(set.board.takeProbes(.llm, all: false).isEmpty)
    _ = try await ask(set)
    #expect(primary.counts.requests == 1)
    clock.pass(.milliseconds(200))
    _ = try await ask(set)
    #expect(primary.counts.requests == 2)
    await set.shutdown()
    await primary.shutdown()
    await backup.shutdown()
  }

  @Test("good probes bring the traffic back before the wait is over, and tell the ladders that wait")
  func probes() async throws {
    let primary = try await ScriptedLanguageModelServer { _ in .init("first") }
    let backup = try await ScriptedLanguageModelServer { _ in .init("second") }
    let set = set([provider(.openai, primary.url, name: "a"), provider(.openai, backup.url, name: "b")])
    let told = Mutex<[Ladder.Input]>([])
    let probes = ProviderProbes(board: set.board, probe: { await set.answers($0, $1, within: .seconds(60)) }) { round in
      if let input = set.board.ladderInput(round) { told.withLock { $0.append(input) } }
    }
    await primary.listener.refuseConnections()
    for _ in 0..<3 { #expect(try await ask(set) == "second") }
    #expect(state(set, "a") == .open)
    probes.want(.llm)
    await probes.round()
    #expect(told.withLock { $0 } == [.works(.llm, by: .backup)])
    // To an agent that uses nobody else, the backup is the primary; one that uses only the lost one has none.
    let round = ProbeRound(kind: .llm, capability: .llm, answered: ["b"], unknown: [])
    #expect(set.board.ladderInput(round, order: ["b"]) == .works(.llm))
    #expect(set.board.ladderInput(round, order: ["a"]) == .fails(.llm))
    try await primary.listener.acceptConnections()
    for _ in 0..<2 {
      clock.pass(.seconds(1))
      await probes.round()
    }
    #expect(state(set, "a") == .halfOpen)
    for _ in 0..<2 { #expect(try await ask(set) == "first") }
    #expect(state(set, "a") == .closed)
    clock.pass(.seconds(1))
    await probes.round()
    #expect(told.withLock { $0.last } == .works(.llm, by: .primary))
    // Nobody waits, nothing is open: nothing is asked.
    probes.wantNoMore(.llm)
    await probes.round()
    #expect(told.withLock { $0.count } == 4)
    await set.shutdown()
    await primary.shutdown()
    await backup.shutdown()
  }

  @Test("a worker that answers no probe because a call keeps it busy has not failed")
  func busyWorker() async throws {
    let server = try await ScriptedLanguageModelServer { _ in
      var reply = ScriptedLanguageModelServer.Reply("one two")
      reply.fault = .stall(afterResults: 1)
      return reply
    }
    let set = set([provider(.openai, server.url, name: "a")])
    let told = Mutex<[Ladder.Input]>([])
    let probes = ProviderProbes(board: set.board, probe: { _, _ in false }) { round in
      if let input = set.board.ladderInput(round) { told.withLock { $0.append(input) } }
    }
    probes.want(.llm)
    var call: AsyncThrowingStream<CompletionEvent, any Error>.AsyncIterator? = set.languageModel()
      .complete(.init(messages: [.user("Hello.")])).makeAsyncIterator()
    #expect(try await call?.next() != nil)
    await probes.round()
    #expect(told.withLock { $0.isEmpty })
    call = nil
    #expect(await eventually { !set.board.isWorking("a") })
    await probes.round()
    #expect(told.withLock { $0 } == [.fails(.llm)])
    await set.shutdown()
    await server.shutdown()
  }

  @Test("all gone is told to the ladders")
  func allGone() async throws {
    let server = try await ScriptedLanguageModelServer { _ in .init("first") }
    await server.listener.refuseConnections()
    let set = set([provider(.openai, server.url, name: "a")])
    let told = Mutex<[Ladder.Input]>([])
    let probes = ProviderProbes(board: set.board, probe: { await set.answers($0, $1) }) { round in
      if let input = set.board.ladderInput(round) { told.withLock { $0.append(input) } }
    }
    probes.want(.llm)
    probes.want(.conductor)
    await probes.round()
    #expect(told.withLock { $0 } == [.fails(.llm)])
    await set.shutdown()
    await server.shutdown()
  }

  @Test("who is interrupted, or asks wrongly, does not count against the provider")
  func ignored() async throws {
    let server = try await ScriptedLanguageModelServer { request in
      var reply = ScriptedLanguageModelServer.Reply("one two")
      reply.fault = request.number < 8 ? .stall(afterResults: 1) : .error("what?", status: 400)
      return reply
    }
    let set = set([provider(.openai, server.url, name: "a")])
    for _ in 0..<8 {
      for try await _ in set.languageModel().complete(.init(messages: [.user("Hello.")])) { break }
    }
    #expect(await eventually { set.board.standings()[0].tally.ignored == 8 })
    for _ in 0..<8 { #expect(await failure(set.languageModel().complete(.init(messages: [])))?.status == 400) }
    #expect(state(set, "a") == .closed)
    #expect(set.board.standings()[0].tally == .init(succeeded: 0, failed: 0, ignored: 16))
    await set.shutdown()
    await server.shutdown()
  }

  @Test("an agent has an order of its own, over the same breakers")
  func ownOrder() async throws {
    let one = try await ScriptedLanguageModelServer { _ in .init("one") }
    let two = try await ScriptedLanguageModelServer { _ in .init("two") }
    let set = set([provider(.openai, one.url, name: "a"), provider(.openai, two.url, name: "b")])
    #expect(try await ask(set, order: ["b", "a"]) == "two")
    #expect(set.board.force(.forcedOpen, "b") && !set.board.force(.open, "nobody"))
    #expect(try await ask(set, order: ["b", "a"]) == "one")
    #expect(await failure(set.languageModel(order: ["b"]).complete(.init(messages: [])))?.kind == .connection)
    #expect(set.board.force(.closed, "b"))
    #expect(try await ask(set, order: ["b"]) == "two")
    await set.shutdown()
    await one.shutdown()
    await two.shutdown()
  }

  @Test("neighbours with weights share their calls, the others follow")
  func weights() {
    var providers = ["a", "b", "c"].map { provider(.openai, nil, name: $0) }
    providers[0].weight = 3
    providers[1].weight = 1
    #expect(ProviderPresets.candidates(providers).map(\.priority) == [0, 0, 1])
    var settings = WorkerSettings()
    settings.llm = providers
    let board = ProviderBoard(settings, clock: clock.time)
    var first: [String: Int] = [:]
    for _ in 0..<400 {
      var way = board.way(.llm, order: ["a", "b", "c"], isAvailable: { _ in true })!
      first[board.next(.llm, on: &way, work: 0)?.id ?? "", default: 0] += 1
    }
    #expect((first["a"] ?? 0) > (first["b"] ?? 0) && (first["b"] ?? 0) > 20 && first["c"] == nil)
    var way = board.way(.llm, order: ["b", "a", "c"], isAvailable: { _ in true })!
    #expect(board.next(.llm, on: &way, work: 0)?.id == "b")
  }

  @Test("what the configuration says of a breaker is what it does")
  func breakerOptions() {
    var options = BreakerOptions()
    #expect(ProviderPresets.breaker(options, .llm) == .llm && ProviderPresets.breaker(options, .asr) == .asr)
    options.consecutiveFailures = 0
    options.waitDurationInOpenState = 7
    options.slowCallDurationThreshold = 900
    let breaker = ProviderPresets.breaker(options, .tts)
    #expect(breaker.consecutiveFailures == nil && breaker.waitDurationInOpenState == .seconds(7))
    #expect(breaker.slidingWindow?.slowCallDurationThreshold == .milliseconds(900))
  }
}
