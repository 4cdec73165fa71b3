import Resilience
import Runtime
import Scheduling
import Synchronization
import Testing
import VivaConfiguration
import VivaTesting

@testable import Workers

/// Providers of several instances, in virtual time.
@Suite struct InstanceTests {
  let clock = TestClock()

  private func pool(slots: Int...) throws -> WorkerPool {
    var workers = WorkerSettings()
    workers.llm = [provider(.openai, nil, name: "llm", firstResult: 1000)]
    workers.llm[0].instances = slots.enumerated().map { .init(url: "http://h:\($0)/v1", slots: $1) }
    return try WorkerPool(PoolSettings(), workers, clock: clock.time)
  }

  private func slots(_ pool: WorkerPool) -> [Int] { pool.snapshot()?.instances.map(\.slots) ?? [] }

  private func refusal(_ body: () async throws -> Lease) async -> WorkerError.Kind? {
    await #expect(throws: WorkerError.self) { try await body() }?.kind
  }

  @Test("a lease names its instance, the one with most free slots first")
  func placement() async throws {
    let pool = try pool(slots: 2, 1)
    let leases = [
      try await pool.slot("llm", .critical), try await pool.slot("llm", .critical),
      try await pool.slot("llm", .critical),
    ]
    #expect(leases.map(\.instance).sorted() == [0, 0, 1])
    #expect(pool.snapshot()?.instances.map(\.name) == ["llm/1", "llm/2"])
    for lease in leases { lease.end(.answered) }
  }

  @Test("slots follow what the worker refuses, and how soon its first result is there")
  func slotsFollow() async throws {
    let pool = try pool(slots: 10)
    try await pool.slot("llm", .critical).end(.refused)
    #expect(slots(pool) == [7] && pool.snapshot()?.running.isEmpty == true)
    clock.pass(.seconds(2))
    let late = try await pool.slot("llm", .critical)
    clock.pass(.milliseconds(501))
    late.progress()
    late.end(.answered)
    #expect(slots(pool) == [6])
    for _ in 0..<2 {
      clock.pass(.seconds(2))
      try await pool.slot("llm", .critical).end(.late)
    }
    #expect(slots(pool) == [5])
    for _ in 0..<20 {
      var leases: [Lease] = []
      for _ in 0..<slots(pool)[0] { leases.append(try await pool.slot("llm", .critical)) }
      for lease in leases { lease.progress() }
      for lease in leases { lease.end(.answered) }
    }
    #expect(slots(pool) == [10])
  }

  @Test("an instance that was not reached has no calls until it is found; its other calls end by themselves, once")
  func unreachable() async throws {
    let pool = try pool(slots: 3, 1)
    let first = try await pool.slot("llm", .critical)
    let other = try await pool.slot("llm", .critical)
    #expect(first.instance == 0 && other.instance == 0)
    first.end(.unreachable)
    #expect(pool.unreachable.map(\.position) == [0] && pool.snapshot()?.running.isEmpty == true)
    let elsewhere = try await pool.slot("llm", .critical)
    #expect(elsewhere.instance == 1)
    other.progress()
    other.end(.unreachable)
    #expect(pool.snapshot()?.running.map(\.id) == [elsewhere.id])
    pool.reached(.init(kind: .llm, provider: "llm"), 0)
    #expect(pool.unreachable.isEmpty && pool.snapshot()?.instances[0].isHealthy == true)
    #expect(try await pool.slot("llm", .critical).instance == 0)
    elsewhere.end(.answered)
  }

  @Test("a call that is answered shows that its instance is there")
  func answered() async throws {
    let pool = try pool(slots: 3, 1)
    let (good, bad) = (try await pool.slot("llm", .critical), try await pool.slot("llm", .critical))
    bad.end(.unreachable)
    #expect(pool.unreachable.count == 1)
    good.end(.answered)
    #expect(pool.unreachable.isEmpty)
  }

  @Test("a job that loses its slot just as its worker fails gets another one")
  func lostWhileStopping() async throws {
    let pool = try pool(slots: 1)
    let job = try await pool.slot("llm", .low)
    let live = Task { try await pool.slot("llm", .critical) }
    #expect(await eventually { job.isRevoked })
    pool.workerChanged(.init(name: "llm", from: .ready, to: .backoff))
    #expect(await refusal { try await live.value } == .connection)
    #expect(job.isRevoked)
    pool.workerChanged(.init(name: "llm", from: .warming, to: .ready))
    let resumed = try await job.again()
    #expect(!resumed.isRevoked)
    resumed.end(.answered)
    #expect(pool.snapshot()?.running.isEmpty == true)
  }

  @Test("while the breaker is open, jobs are refused at once, and a live call may still be the last resort")
  func breaker() async throws {
    let pool = try pool(slots: 1)
    var settings = WorkerSettings()
    settings.llm = [provider(.openai, nil, name: "llm")]
    let board = ProviderBoard(settings, changed: pool.breakerChanged)
    #expect(board.force(.forcedOpen, "llm"))
    #expect(await refusal { try await pool.slot("llm", .low) } == .busy)
    try await pool.slot("llm", .critical).end(.answered)
    #expect(board.force(.closed, "llm"))
    try await pool.slot("llm", .low).end(.answered)
  }

  @Test("a worker that is being started has no slots; a live call is told that there is no connection")
  func restart() async throws {
    let pool = try pool(slots: 1)
    func change(_ phase: WorkerPhase) { pool.workerChanged(.init(name: "llm", from: .ready, to: phase)) }
    change(.backoff)
    #expect(await refusal { try await pool.slot("llm", .critical) } == .connection)
    #expect(await refusal { try await pool.slot("llm", .low) } == .busy)
    change(.warming)
    try await pool.slot("llm", .low).end(.answered)
  }

  @Test("a session's calls go to the instance that has its prompt, while it has a free slot")
  func affinity() async throws {
    let pool = try pool(slots: 2, 2)
    let key = CallAffinity.key(ofSession: "sess_1")
    let first = try await pool.slot("llm", CallPriority(.critical), affinity: key)
    let second = try await pool.slot("llm", CallPriority(.critical), affinity: key)
    #expect(first.instance == second.instance)
    let third = try await pool.slot("llm", CallPriority(.critical), affinity: key)
    #expect(third.instance != first.instance)
    for lease in [first, second, third] { lease.end(.answered) }
  }

  @Test("who was refused and asks again goes before those that came later")
  func keepsItsPlace() async throws {
    let pool = try pool(slots: 1)
    let arrival = clock.time()
    let holder = try await pool.slot("llm", .critical)
    clock.pass(.milliseconds(300))
    let new = Task { try await pool.slot("llm", .critical) }
    #expect(await eventually { pool.queued == 1 })
    let old = Task { try await pool.slot("llm", CallPriority(.critical), arrivedAt: arrival) }
    #expect(await eventually { pool.queued == 2 })
    holder.end(.answered)
    try await old.value.end(.answered)
    try await new.value.end(.answered)
  }

  @Test("what was begun ahead takes a job's slot once somebody waits for it, and keeps its own")
  func hastened() async throws {
    let pool = try pool(slots: 1)
    let job = try await pool.slot("llm", .low)
    let priority = CallPriority(isAhead: true)
    let ahead = Task { try await pool.slot("llm", priority) }
    #expect(await eventually { pool.queued == 1 })
    #expect(!job.isRevoked)
    priority.hasten()
    #expect(job.isRevoked)
    let again = Task { try await job.again() }
    let lease = try await ahead.value
    #expect(pool.snapshot()?.running.map(\.priority) == [.critical])
    lease.end(.answered)
    try await again.value.end(.answered)
    let running = CallPriority(isAhead: true)
    let second = try await pool.slot("llm", running)
    running.hasten()
    #expect(pool.snapshot()?.running.map(\.priority) == [.critical])
    second.end(.answered)
  }
}

/// Calls to providers of several instances, over real sockets.
@Suite struct InstanceCallTests {
  let observer = RecordingObserver()

  private func set(
    _ instances: [ScriptedLanguageModelServer], next: ScriptedLanguageModelServer? = nil
  ) throws -> (WorkerSet, WorkerPool) {
    var settings = WorkerSettings()
    settings.llm = [provider(.openai, nil, name: "llm")]
    // The first has more, so it is asked first.
    settings.llm[0].instances = instances.enumerated().map { .init(url: $1.url, slots: 9 - $0) }
    if let next { settings.llm.append(provider(.openai, next.url, name: "next")) }
    let pool = try WorkerPool(PoolSettings(), settings)
    return (WorkerSet(settings: settings, observer: observer, pool: pool), pool)
  }

  private func text(_ set: WorkerSet) async throws -> String {
    try await all(set.languageModel().complete(.init(messages: [.user("Hello.")]))).reduce(into: "") { text, event in
      if case .text(let piece) = event { text += piece }
    }
  }

  @Test("an instance that is gone costs a call nothing, and has none until it is found again")
  func failsOverInside() async throws {
    let one = try await ScriptedLanguageModelServer { _ in .init("one") }
    let two = try await ScriptedLanguageModelServer { _ in .init("two") }
    await one.listener.refuseConnections()
    let (set, pool) = try set([one, two])
    #expect(try await text(set) == "two")
    #expect(observer.requests.map(\.outcome) == ["connection", "ok"])
    #expect(set.board.standings()[0].tally == .init(succeeded: 1, failed: 0, ignored: 0))
    #expect(pool.snapshot()?.instances.map(\.isHealthy) == [false, true])
    #expect(try await text(set) == "two" && observer.requests.count == 3)
    await set.seekMissingInstances()
    #expect(pool.unreachable.count == 1)
    let status = await set.status()
    #expect(status.map(\.name) == ["llm/1", "llm/2"] && status.map(\.isAlive) == [false, true])
    #expect(await set.answers(.llm, "llm"))
    try await one.listener.acceptConnections()
    await set.seekMissingInstances()
    #expect(pool.unreachable.isEmpty)
    #expect(try await text(set) == "one")
    await set.shutdown()
    await one.shutdown()
    await two.shutdown()
  }

  @Test("a call that one instance refuses goes to the next, and the refusal costs that one slots")
  func refused() async throws {
    let full = try await ScriptedLanguageModelServer { _ in
      var reply = ScriptedLanguageModelServer.Reply("")
      reply.fault = .error("too many", status: 429)
      return reply
    }
    let two = try await ScriptedLanguageModelServer { _ in .init("two") }
    let (set, pool) = try set([full, two])
    #expect(try await text(set) == "two")
    #expect(pool.snapshot()?.instances.map(\.slots) == [6, 8])
    #expect(set.board.standings()[0].tally.failed == 0)
    await set.shutdown()
    await full.shutdown()
    await two.shutdown()
  }

  @Test("when all instances have failed a call, each once, the next provider is asked")
  func nextProvider() async throws {
    let faulty = try await ScriptedLanguageModelServer { _ in
      var reply = ScriptedLanguageModelServer.Reply("")
      reply.fault = .error("broken")
      return reply
    }
    let gone = try await ScriptedLanguageModelServer { _ in .init("") }
    await gone.listener.refuseConnections()
    let next = try await ScriptedLanguageModelServer { _ in .init("next") }
    let (set, pool) = try set([faulty, gone], next: next)
    #expect(try await text(set) == "next")
    #expect(observer.requests.map(\.outcome) == ["refused", "connection", "ok"])
    #expect(faulty.counts.requests == 1)
    #expect(set.board.standings().map(\.tally.failed) == [1, 0])
    #expect(await eventually { pool.snapshot()?.running.isEmpty == true })
    await set.shutdown()
    for server in [faulty, gone, next] { await server.shutdown() }
  }
}
