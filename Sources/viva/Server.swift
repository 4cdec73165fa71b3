import Checkpoints
import Foundation
import Gateway
import Runtime
import Sessions
import Synchronization
import Telemetry
import VivaConfiguration
import Webhooks
import Workers

/// Why the server could not start, in words for the terminal.
struct ServerError: Error, CustomStringConvertible {
  var description: String
}

/// The whole server, put together: nothing happens here that is not told from below.
final class Server: Sendable {
  private let settings: Settings
  private let keys: ServerKeys
  private let shards: ShardGroup
  private let overload: NodeOverload
  private let registry: SessionRegistry
  private let workers: WorkerSet
  private let probes: ProviderProbes
  private let batch: BatchJobs
  private let webhooks: Webhooks
  private let supervisor: ProcessSupervisor
  /// nil where nothing is kept.
  private let disk: SQLiteCheckpointStore?
  private let gateway: Gateway
  private let door = Mutex<(door: FrontDoor, port: Int)?>(nil)

  /// - Parameter workerLogs: a folder, made if missing.
  init(settings: Settings, workerLogs: String) throws {
    let metrics = MetricsRegistry()
    metrics.addProcessMetrics()
    self.settings = settings
    keys = try ServerKeys(loading: settings.server)
    for warning in keys.warnings { complain(warning) }
    if let file = keys.createdFile { say("A server key was made: \(file)") }

    let cores =
      settings.server.shards > 0 ? settings.server.shards : ProcessInfo.processInfo.activeProcessorCount
    let lag = (0..<cores).map {
      metrics.histogram(
        "viva_event_loop_lag_seconds", help: "How late timers of a shard fire.", labels: ["shard": String($0)]
      )
    }
    let overload = NodeOverload(settings.ladder.overload, shards: cores)
    self.overload = overload
    shards = ShardGroup(count: cores) {
      lag[$0].observe($1)
      overload.fired(on: $0, late: $1)
    }

    let readiness = WorkerReadiness(settings.workers)
    let breakers = BreakerMetrics(metrics, settings.workers)
    let pool: WorkerPool
    do {
      pool = try WorkerPool(settings.pool, settings.workers, metrics: PoolMetrics(metrics))
    } catch {
      throw ServerError(description: "pool: \(error)")
    }
    let faults = settings.server.development ? FaultBoard() : nil
    if faults != nil { complain("server.development is on: whoever may open sessions may break the workers.") }
    let outcomes = LastOutcomes(WorkerMetrics(metrics))
    let board = ProviderBoard(
      settings.workers,
      changed: { change in
        breakers.changed(change)
        pool.breakerChanged(change)
      })
    let workers = WorkerSet(
      settings: settings.workers, observer: outcomes, board: board, pool: pool, faults: faults,
      isAvailable: readiness.isReady)
    self.workers = workers
    batch = BatchJobs(workers)
    let ladders = WaitingLadders()
    let probes = ProviderProbes(
      board: workers.board, probe: { await workers.answers($0, $1) },
      seekMissing: { await workers.seekMissingInstances() }
    ) { round in
      ladders.tell(round.capability) { session in
        let order = settings.agents[session.agentName]?.workers.names(of: round.kind) ?? []
        return workers.board.ladderInput(round, order: order)
      }
    }
    self.probes = probes
    let webhooks = Webhooks(settings.webhooks, metrics: metrics)
    self.webhooks = webhooks
    try FileManager.default.createDirectory(atPath: workerLogs, withIntermediateDirectories: true)
    let stateMetrics = WorkerStateMetrics(metrics)
    let local = LocalWorkers(settings, in: workers)
    let supervisor = ProcessSupervisor(
      workers: local.processes(workingDirectory: settings.folder), logDirectory: workerLogs,
      probe: { await local.answers($0) }, warmUp: { try await local.warmUp($0) },
      observer: { change in
        readiness.changed(change)
        pool.workerChanged(change)
        stateMetrics.changed(change)
      })
    self.supervisor = supervisor

    let answers = settings.answerCache.map { SharedAnswers($0) }
    let disk = try Self.disk(settings.checkpoints, metrics)
    self.disk = disk
    let registry = SessionRegistry(
      settings: settings, shards: shards, store: disk ?? VolatileCheckpointStore(), metrics: metrics,
      probes: ProbedLadders(waiting: ladders, probes: probes),
      callbacks: CallbackFile(path: settings.callbacks.file), preparesPhrases: true,
      onCommit: SessionWebhooks(webhooks).committed
    ) { agent in
      let model = workers.languageModel(order: agent.workers.llm)
      return SessionWorkers(
        recognizer: workers.recognizer(order: agent.workers.asr),
        languageModel: answers.map { CachingLanguageModel(model, answers: $0) } ?? model,
        synthesizer: workers.synthesizer(order: agent.workers.tts), endOfTurn: workers.endOfTurnDetector(),
        tools: workers.toolCaller)
    }
    self.registry = registry
    let admin = AdminServices(board: workers.board, pool: pool, batch: batch)
    let watched = WatchedWorkers(
      settings: settings.workers, board: workers.board, supervisor: supervisor, outcomes: outcomes, faults: faults)
    gateway = try Gateway(
      settings: settings, keys: keys, registry: registry, metrics: metrics, admin: admin, workers: watched
    ) {
      let status = supervisor.snapshot()
      return Gateway.Readiness(
        isReady: status.allSatisfy { $0.phase == .ready },
        detail: status.isEmpty
          ? "ready: no local workers\n" : status.map { "\($0.name) \($0.phase.rawValue)\n" }.joined())
    }
  }

  private static func disk(
    _ settings: CheckpointSettings, _ metrics: MetricsRegistry
  ) throws -> SQLiteCheckpointStore? {
    guard settings.durability == .local else { return nil }
    do {
      return try SQLiteCheckpointStore(
        folder: settings.folder, key: CheckpointKey.load(settings.keyFile), observer: CheckpointMetrics(metrics))
    } catch {
      throw ServerError(description: "checkpoints: \(error)")
    }
  }

  /// Opens the listeners and starts the local workers. Clients may connect while these warm up.
  func start() throws {
    shards.start()
    do {
      let opened = try gateway.start()
      door.withLock { $0 = (opened.door, opened.clientPort) }
    } catch let error as FrontDoorError {
      throw ServerError(description: error.description)
    } catch let error as MediaPortError {
      throw ServerError(description: error.description)
    }
    do {
      try supervisor.start()
    } catch {
      throw ServerError(description: error.description)
    }
    probes.start()
    overload.start(shards, registry)
  }

  /// Returns when every local worker answers; tells how each is getting on.
  func waitUntilWarm() async throws {
    try await supervisor.waitUntilReady { change in
      let detail = change.detail.map { ": \($0)" } ?? ""
      say("  \(change.name): \(change.to.rawValue)\(detail)")
    }
  }

  /// Ends the sessions, the workers and the threads, in this order.
  func stop() async {
    let reason = "the server is stopping"
    door.withLock { $0 }?.door.stop(closeCode: 1001, reason: reason)
    await gateway.endCalls(closeCode: 1001, reason: reason)
    // The sessions have just ended, and that is worth telling.
    await shards.settle()
    await webhooks.drain(within: .seconds(3))
    probes.stop()
    batch.cancelAll()
    await supervisor.stop()
    await workers.shutdown()
    shards.stop()
    disk?.shutdown()
  }

  var pageURL: String { running.pageURL }

  /// The page with a key that lets its holder talk, for as long as such a key may live.
  var addressWithKey: String {
    running.pageAddress(key: keys.first.flatMap { gateway.callerKey(for: $0, seconds: 7200) } ?? "")
  }

  private var running: RunningServer {
    var bound = settings.server
    if let port = door.withLock({ $0?.port }) { bound.listen.port = port }
    return RunningServer(bound)
  }
}
