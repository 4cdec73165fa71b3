import Glibc
import Synchronization

/// Starts local worker processes, keeps them running, and ends them with the server.
///
/// A worker that exits, or stays silent, is started again after a pause, for ever. Should this process be
/// killed, the kernel kills the workers too (not what they started themselves).
public final class ProcessSupervisor: Sendable {
  /// Whether the worker of this name answers. Given up and asked again after 5 s.
  public typealias Probe = @Sendable (_ worker: String) async -> Bool
  /// Makes the first request, which loads what the worker loads late. Throwing counts as a failed start.
  public typealias WarmUp = @Sendable (_ worker: String) async throws -> Void
  /// Told of every change, in order, on the supervisor's thread: it must not block.
  public typealias Observer = @Sendable (WorkerStateChange) -> Void

  private struct Shared {
    var status: [WorkerStatus]
    var started = false
    var ended = false
    var watchers: [Int: AsyncStream<WorkerStateChange>.Continuation] = [:]
    var lastWatcher = 0
  }

  private let workers: [SupervisedWorker]
  private let logDirectory: String
  private let probe: Probe
  private let warmUp: WarmUp
  private let observer: Observer
  private let mailbox = SupervisionMailbox()
  private let shared: Mutex<Shared>

  /// - Parameter logDirectory: an existing folder for `<name>.log` and `<name>.log.1`.
  public init(
    workers: [SupervisedWorker], logDirectory: String, probe: @escaping Probe,
    warmUp: @escaping WarmUp = { _ in }, observer: @escaping Observer = { _ in }
  ) {
    self.workers = workers
    self.logDirectory = logDirectory
    self.probe = probe
    self.warmUp = warmUp
    self.observer = observer
    shared = Mutex(
      Shared(status: workers.map { WorkerStatus(name: $0.name, phase: .waiting, failures: 0) }))
  }

  /// Starts all workers, in order, without waiting. Only the first call does anything.
  ///
  /// Throws `WorkerStartError` when a log file cannot be made.
  public func start() throws(WorkerStartError) {
    let first = shared.withLock { shared in
      defer { shared.started = true }
      return !shared.started
    }
    guard first else { return }
    do throws(WorkerStartError) {
      var logged: [(SupervisedWorker, WorkerLog)] = []
      for worker in workers {
        logged.append((worker, try WorkerLog(directory: logDirectory, name: worker.name)))
      }
      run(
        SupervisionLoop(workers: logged, mailbox: mailbox, probe: probe, warmUp: warmUp) { [self] in
          publish(worker: $0, $1, failures: $2)
        })
    } catch {
      end()
      throw error
    }
  }

  /// Ends all workers (SIGTERM, 3 s later SIGKILL). When it returns their processes are gone.
  public func stop() async {
    let changes = watch()
    let running = shared.withLock { shared in
      defer { shared.started = true }
      return shared.started
    }
    guard running else { return end() }
    mailbox.post(.stop)
    for await _ in changes {}
  }

  public func snapshot() -> [WorkerStatus] {
    shared.withLock { $0.status }
  }

  /// Does this to a worker's process, soon.
  ///
  /// - Returns: false when there is no such worker, or it has no process now.
  public func send(_ signal: ProcessSignal, to name: String) -> Bool {
    let worker = shared.withLock { shared -> Int? in
      guard let worker = shared.status.firstIndex(where: { $0.name == name && $0.pid != nil }) else { return nil }
      if signal != .kill { shared.status[worker].isHalted = signal == .halt }
      return worker
    }
    guard let worker else { return false }
    mailbox.post(.signal(signal.number, worker: worker))
    return true
  }

  /// Returns when every worker is ready at once.
  ///
  /// Throws `WorkerStartError` when one has failed `attempts` times in a row (the supervisor goes on trying),
  /// and `CancellationError` when the supervisor is stopped or the task cancelled.
  ///
  /// - Parameter progress: told of the changes meanwhile.
  public func waitUntilReady(
    attempts: Int = 3, progress: (WorkerStateChange) -> Void = { _ in }
  ) async throws {
    let changes = watch()
    if try isReady(attempts: attempts) { return }
    for await change in changes {
      progress(change)
      if try isReady(attempts: attempts) { return }
    }
    throw CancellationError()
  }

  private func isReady(attempts: Int) throws(WorkerStartError) -> Bool {
    let status = snapshot()
    if let hopeless = status.first(where: { $0.phase == .backoff && $0.failures >= attempts }) {
      throw WorkerStartError(worker: hopeless.name, detail: hopeless.lastFailure ?? "failed")
    }
    return status.allSatisfy { $0.phase == .ready }
  }

  /// The changes from now on; ends when the supervisor has.
  private func watch() -> AsyncStream<WorkerStateChange> {
    let (stream, continuation) = AsyncStream.makeStream(of: WorkerStateChange.self)
    let id = shared.withLock { shared -> Int? in
      guard !shared.ended else { return nil }
      shared.lastWatcher += 1
      shared.watchers[shared.lastWatcher] = continuation
      return shared.lastWatcher
    }
    guard let id else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in
      self?.shared.withLock { _ = $0.watchers.removeValue(forKey: id) }
    }
    return stream
  }

  // MARK: From the supervisor's thread

  private func publish(worker: Int, _ change: WorkerStateChange, failures: Int) {
    let watchers = shared.withLock { shared in
      shared.status[worker].phase = change.to
      // Another process is not halted.
      if shared.status[worker].pid != change.pid { shared.status[worker].isHalted = false }
      shared.status[worker].pid = change.pid
      shared.status[worker].failures = failures
      if let detail = change.detail { shared.status[worker].lastFailure = detail }
      return Array(shared.watchers.values)
    }
    for watcher in watchers { watcher.yield(change) }
    observer(change)
  }

  private func end() {
    let watchers = shared.withLock { shared in
      shared.ended = true
      return Array(shared.watchers.values)
    }
    // Outside the lock: each one removes itself.
    for watcher in watchers { watcher.finish() }
  }

  private final class Start {
    let supervisor: ProcessSupervisor
    let loop: SupervisionLoop

    init(_ supervisor: ProcessSupervisor, _ loop: SupervisionLoop) {
      self.supervisor = supervisor
      self.loop = loop
    }
  }

  /// A thread of its own, not one of a pool: the workers die with it.
  private func run(_ loop: SupervisionLoop) {
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, nil,
      { raw in
        guard let raw else { return nil }
        let start = Unmanaged<Start>.fromOpaque(raw).takeRetainedValue()
        start.loop.run()
        start.supervisor.end()
        return nil
      }, Unmanaged.passRetained(Start(self, loop)).toOpaque())
    guard failure == 0 else { fatalError("the supervisor needs a thread: errno \(failure)") }
    pthread_detach(thread)
  }
}
