import Runtime
import Scheduling
import Synchronization
import Telemetry
import Testing
import VivaConfiguration
import VivaTesting

@testable import Workers

/// Leases in virtual time.
@Suite struct WorkerPoolTests {
  let clock = TestClock()
  let registry = MetricsRegistry()

  private func pool(slots: Int, preemption: Bool = true, cancelLatency: Int = 20) throws -> WorkerPool {
    var limited = provider(.openai, nil, name: "limited")
    limited.slots = slots
    limited.cancelLatency = cancelLatency
    var workers = WorkerSettings()
    workers.llm = [limited, provider(.openai, nil, name: "free")]
    var settings = PoolSettings()
    settings.preemption = preemption
    return try WorkerPool(settings, workers, metrics: PoolMetrics(registry), clock: clock.time)
  }

  private func slot(_ pool: WorkerPool, _ priority: Priority) async throws -> Lease {
    try await pool.slot("limited", priority)
  }

  private func queued(_ pool: WorkerPool) -> Int { pool.queued }

  @Test("a worker without slots takes all that comes")
  func unlimited() async throws {
    let lease = try await pool(slots: 1).lease(SlotWish(lane: .init(kind: .llm, provider: "free")))
    #expect(lease == nil)
    let empty = try WorkerPool(PoolSettings(), WorkerSettings())
    #expect(empty.snapshot() == nil)
  }

  @Test("who gets no slot in time is told when to come again")
  func busy() async throws {
    let pool = try pool(slots: 1)
    let first = try await slot(pool, .critical)
    let second = Task { try await slot(pool, .critical) }
    #expect(await eventually { queued(pool) == 1 })
    clock.pass(.milliseconds(101))
    pool.tick()
    let error = await #expect(throws: WorkerError.self) { try await second.value }
    #expect(error?.kind == .busy && (error?.retryAfter ?? .zero) > .zero)
    first.end(.answered)
    let third = try await slot(pool, .critical)
    third.end(.answered)
    #expect(pool.snapshot()?.instances[0].busy == 0)
    #expect(
      registry.render().contains(
        #"viva_pool_refusals_total{kind="llm",priority="critical",provider="limited",reason="deadline"} 1"#))
  }

  @Test("a live call takes the slot of a batch job, once that has stopped; the job begins again later")
  func preemption() async throws {
    let pool = try pool(slots: 1)
    let job = try await slot(pool, .low)
    let revoked = Mutex(0)
    job.onRevoke { revoked.withLock { $0 += 1 } }
    let live = Task { try await slot(pool, .critical) }
    #expect(await eventually { revoked.withLock { $0 } == 1 })
    #expect(job.isRevoked && queued(pool) == 1)
    clock.pass(.milliseconds(30))
    let again = Task { try await job.again() }
    let lease = try await live.value
    #expect(await eventually { queued(pool) == 1 })
    lease.end(.answered)
    let resumed = try await again.value
    #expect(!resumed.isRevoked)
    resumed.end(.answered)
    #expect(pool.snapshot()?.running.isEmpty == true)
  }

  @Test("without preemption, and where a cancel takes too long, nobody loses a slot", arguments: [true, false])
  func noPreemption(isSwitchedOff: Bool) async throws {
    let pool = try pool(slots: 1, preemption: !isSwitchedOff, cancelLatency: isSwitchedOff ? 20 : 1500)
    let job = try await slot(pool, .low)
    let live = Task { try await slot(pool, .critical) }
    #expect(await eventually { queued(pool) == 1 })
    #expect(!job.isRevoked)
    job.end(.answered)
    try await live.value.end(.answered)
  }

  @Test("who leaves while waiting leaves nothing behind")
  func withdrawal() async throws {
    let pool = try pool(slots: 1)
    let first = try await slot(pool, .critical)
    let second = Task { try await slot(pool, .low) }
    #expect(await eventually { queued(pool) == 1 })
    second.cancel()
    await #expect(throws: CancellationError.self) { try await second.value }
    #expect(queued(pool) == 0)
    let gone = Task { () async throws -> Lease in
      while !Task.isCancelled { await Task.yield() }
      return try await slot(pool, .low)
    }
    gone.cancel()
    await #expect(throws: CancellationError.self) { try await gone.value }
    first.stopping()
    first.stopped()
    #expect(pool.snapshot()?.running.isEmpty == true)
  }
}

extension WorkerPool {
  /// A lease of an LLM.
  func slot(
    _ provider: String, _ priority: CallPriority, affinity: UInt64 = 0, arrivedAt: Instant? = nil
  ) async throws -> Lease {
    var wish = SlotWish(lane: .init(kind: .llm, provider: provider), priority: priority, affinity: affinity)
    wish.arrivedAt = arrivedAt
    wish.waitsAgain = arrivedAt != nil
    guard let lease = try await lease(wish) else { throw CancellationError() }
    return lease
  }

  func slot(_ provider: String, _ priority: Priority) async throws -> Lease {
    try await slot(provider, CallPriority(priority))
  }

  var queued: Int { snapshot()?.lanes[0].classes.reduce(0) { $0 + $1.queued } ?? 0 }
}

/// The pool between real calls.
@Suite struct PooledCallTests {
  let observer = RecordingObserver()

  private func set(_ change: (inout WorkerSettings) -> Void) throws -> (WorkerSet, WorkerPool) {
    var settings = WorkerSettings()
    change(&settings)
    let pool = try WorkerPool(PoolSettings(), settings)
    return (WorkerSet(settings: settings, observer: observer, pool: pool), pool)
  }

  @Test("a live call cancels a batch job's stream, is answered, and the job begins again and loses no word")
  func preemptsTheStream() async throws {
    let server = try await ScriptedLanguageModelServer { request in
      let isLive = request.lastUserText == "Hello."
      var reply = ScriptedLanguageModelServer.Reply(isLive ? "at once" : "a long answer of many words")
      if request.number == 0 { reply.pieceInterval = .seconds(60) }
      return reply
    }
    let (set, pool) = try set {
      $0.llm = [provider(.openai, server.url, name: "llm")]
      $0.llm[0].slots = 1
    }
    let jobs = BatchJobs(set)
    let id = try #require(jobs.submit(.init(messages: [.user("Work.")]), .low))
    #expect(await eventually { server.counts.requests == 1 })
    var live: [CompletionEvent] = []
    // On a machine that is busy with other tests a slot may not be free in time.
    for _ in 0..<20 where live.isEmpty {
      live = (try? await all(set.languageModel().complete(.init(messages: [.user("Hello.")])))) ?? []
    }
    #expect(live.contains(.text("at")) && live.last == .finished(.stop))
    #expect(await eventually { server.counts.cancelled == 1 })
    var answer = ""
    #expect(
      await eventually {
        guard case .completed(let result)? = jobs.status(of: id) else { return false }
        answer = result.text
        return true
      })
    #expect(answer == "a long answer of many words")
    #expect(observer.requests.contains { $0.outcome == "preempted" })
    let tally = set.board.standings()[0].tally
    #expect(tally.succeeded == 2 && tally.failed == 0 && tally.ignored >= 1)
    #expect(await eventually { pool.snapshot()?.running.isEmpty == true })
    await set.shutdown()
    await server.shutdown()
  }

  @Test("a turn holds its slot from its first word to its text; the next turn goes to the next recogniser")
  func recognizerSlots() async throws {
    let one = try await ScriptedRecognizerServer(["one"])
    let two = try await ScriptedRecognizerServer(["two"])
    let (set, pool) = try set {
      $0.asr = [provider(.wyoming, one.url, name: "a"), provider(.wyoming, two.url, name: "b")]
      $0.asr[0].slots = 1
    }
    let (audio, speaker) = AsyncStream.makeStream(of: [Int16].self)
    let first = set.recognizer().recognize(.init(), audio: audio)
    let reading = Task { try await all(first) }
    #expect(await eventually { pool.snapshot()?.instances[0].busy == 1 })
    #expect(
      try await all(set.recognizer().recognize(.init(), audio: turn(milliseconds: 100))).last
        == .final(.init(text: "two")))
    speaker.finish()
    #expect(try await reading.value.last == .final(.init(text: "one")))
    #expect(observer.requests.map(\.outcome) == ["busy", "ok", "ok"])
    #expect(set.board.standings()[0].tally == .init(succeeded: 1, failed: 0, ignored: 1))
    await set.shutdown()
    await one.shutdown()
    await two.shutdown()
  }

  @Test("who is interrupted gives the slot back when the connection is closed")
  func cancelFreesTheSlot() async throws {
    let server = try await ScriptedLanguageModelServer { _ in
      var reply = ScriptedLanguageModelServer.Reply("one two three")
      reply.pieceInterval = .seconds(60)
      return reply
    }
    let (set, pool) = try set {
      $0.llm = [provider(.openai, server.url, name: "llm")]
      $0.llm[0].slots = 1
    }
    for try await _ in set.languageModel().complete(.init(messages: [.user("Hello.")])) { break }
    #expect(await eventually { pool.snapshot()?.instances[0].busy == 0 })
    #expect(await eventually { server.counts.cancelled == 1 })
    await set.shutdown()
    await server.shutdown()
  }
}
