import Runtime
import Scheduling
import Synchronization
import VivaConfiguration

/// The shell of the scheduler: a call to a worker that has slots takes a lease first, and gives it back when the worker is
/// free again. Workers without `slots` take all that comes.
///
/// One lock, held for microseconds, once or twice a call; one timer for whatever waits.
public final class WorkerPool: Sendable {
  struct Lane: Hashable, Sendable {
    var kind: WorkerKind
    var provider: String
  }

  private struct Request {
    var lane: Lane
    var priority: Priority
    var ticket: UInt64
    var submittedAt: Instant
    var waiter: CheckedContinuation<RequestID, any Error>?
    var revoke: (@Sendable () -> Void)?
    /// It was told to give its slot to a more urgent call.
    var isRevoked = false
    /// Its caller has left.
    var isStopping = false
  }

  private struct State {
    var scheduler: Scheduler?
    var actions: [SchedulerAction] = []
    var requests: [RequestID: Request] = [:]
    /// Requests that wait, by their callers' tickets.
    var tickets: [UInt64: RequestID] = [:]
    /// Callers who left before their request was there.
    var withdrawn: Set<UInt64> = []
    var lastTicket: UInt64 = 0
    var timer: (due: Instant, task: Task<Void, Never>)?
  }

  private typealias Effect = @Sendable () -> Void

  private let clock: @Sendable () -> Instant
  private let lanes: [Lane: LaneID]
  /// As the workers declare them.
  private let latencies: [Lane: Duration]
  private let metrics: PoolMetrics?
  private let state: Mutex<State>

  /// - Throws: `GPUPoolProblem` where devices and slots do not fit together; the configuration's reader has seen to that.
  public init(
    _ settings: PoolSettings, _ workers: WorkerSettings, metrics: PoolMetrics? = nil,
    clock: @escaping @Sendable () -> Instant = { .now }
  ) throws {
    self.clock = clock
    self.metrics = metrics
    let layout = PoolLayout(settings, workers)
    latencies = layout.latencies
    guard !layout.devices.isEmpty else {
      lanes = [:]
      state = Mutex(State())
      return
    }
    let pool = try GPUPool(devices: layout.devices)
    var lanes: [Lane: LaneID] = [:]
    for (lane, kind) in layout.kinds { lanes[lane] = pool.lane(kind, provider: lane.provider) }
    self.lanes = lanes
    var policy = SchedulerPolicy()
    policy.preempts = settings.preemption
    state = Mutex(State(scheduler: Scheduler(pool: pool, policy: policy, at: clock())))
    metrics?.show(self, Array(lanes.keys))
  }

  // MARK: Leases

  /// Waits for a slot, for no longer than the class's max wait.
  ///
  /// - Returns: nil for a worker without slots.
  /// - Throws: `WorkerError` of kind `.busy`, with the time to come again; `CancellationError`.
  func lease(_ kind: WorkerKind, _ provider: String, _ priority: Priority) async throws -> Lease? {
    let lane = Lane(kind: kind, provider: provider)
    guard let id = lanes[lane] else { return nil }
    let ticket = state.withLock { state in
      state.lastTicket += 1
      return state.lastTicket
    }
    let request = try await waiting(ticket) { pool, waiter in
      pool.perform { state, effects in
        guard state.withdrawn.remove(ticket) == nil else {
          return effects.append { waiter.resume(throwing: CancellationError()) }
        }
        let now = pool.clock()
        let request = state.scheduler!.submit(
          SchedulerRequest(lane: id, priority: priority), at: now, into: &state.actions)
        state.requests[request] = Request(
          lane: lane, priority: priority, ticket: ticket, submittedAt: now, waiter: waiter)
        state.tickets[ticket] = request
      }
    }
    return Lease(pool: self, id: request, ticket: ticket, cancelLatency: latencies[lane] ?? .zero)
  }

  /// Runs `body`, which hands the waiter over; whoever is cancelled meanwhile withdraws.
  func waiting(
    _ ticket: UInt64, _ body: @escaping @Sendable (WorkerPool, CheckedContinuation<RequestID, any Error>) -> Void
  ) async throws -> RequestID {
    defer { state.withLock { _ = $0.withdrawn.remove(ticket) } }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { body(self, $0) }
    } onCancel: {
      perform { state, effects in
        guard let id = state.tickets.removeValue(forKey: ticket) else {
          state.withdrawn.insert(ticket)
          return
        }
        state.scheduler!.cancel(id, at: clock(), into: &state.actions)
        guard let waiter = state.requests.removeValue(forKey: id)?.waiter else { return }
        effects.append { waiter.resume(throwing: CancellationError()) }
      }
    }
  }

  // MARK: What becomes of a lease

  /// - Parameter revoke: Called once, from any thread, when the slot is to be given up; at once where it is already.
  func onRevoke(_ id: RequestID, _ revoke: @escaping @Sendable () -> Void) {
    let isRevoked = state.withLock { state in
      state.requests[id]?.revoke = revoke
      return state.requests[id]?.isRevoked ?? false
    }
    if isRevoked { revoke() }
  }

  func isRevoked(_ id: RequestID) -> Bool {
    state.withLock { $0.requests[id]?.isRevoked ?? false }
  }

  func finish(_ id: RequestID, succeeded: Bool) {
    perform { state, _ in
      state.requests[id] = nil
      state.scheduler!.finish(id, succeeded: succeeded, at: clock(), into: &state.actions)
    }
  }

  /// The caller has left; the worker is stopping.
  func stopping(_ id: RequestID) {
    perform { state, _ in
      state.requests[id]?.isStopping = true
      state.scheduler!.cancel(id, at: clock(), into: &state.actions)
    }
  }

  func stopped(_ id: RequestID) {
    perform { state, _ in
      state.requests[id] = nil
      state.scheduler!.cancelled(id, at: clock(), into: &state.actions)
    }
  }

  /// The worker has stopped, and the request waits for another slot.
  func again(_ id: RequestID, _ ticket: UInt64) async throws {
    _ = try await waiting(ticket) { pool, waiter in
      pool.perform { state, effects in
        let hasLeft = state.withdrawn.remove(ticket) != nil
        if hasLeft {
          state.requests[id] = nil
          state.scheduler!.cancel(id, at: pool.clock(), into: &state.actions)
          effects.append { waiter.resume(throwing: CancellationError()) }
        } else {
          state.requests[id]?.waiter = waiter
          state.requests[id]?.isRevoked = false
          state.requests[id]?.revoke = nil
          state.tickets[ticket] = id
        }
        state.scheduler!.cancelled(id, at: pool.clock(), into: &state.actions)
      }
    }
  }

  /// Counts a call to any worker, with a slot or without: it begins (1) or ends (-1).
  func running(_ kind: WorkerKind, _ provider: String, _ change: Double) {
    metrics?.running(kind, provider, change)
  }

  // MARK: The scheduler

  /// What is due by the clock.
  func tick() {
    perform { state, _ in
      state.timer = nil
      state.scheduler?.advance(clock(), into: &state.actions)
    }
  }

  private func perform(_ body: (inout State, inout [Effect]) -> Void) {
    let effects = state.withLock { state in
      var effects: [Effect] = []
      body(&state, &effects)
      carryOut(&state, &effects)
      setTimer(&state)
      return effects
    }
    for effect in effects { effect() }
  }

  private func carryOut(_ state: inout State, _ effects: inout [Effect]) {
    let actions = state.actions
    state.actions.removeAll(keepingCapacity: true)
    for action in actions {
      switch action {
      case .start(let id, _):
        guard let request = state.requests[id], let waiter = state.requests[id]?.waiter.take() else { continue }
        state.tickets[request.ticket] = nil
        metrics?.started(request.lane, request.priority, after: clock() - request.submittedAt)
        effects.append { waiter.resume(returning: id) }
      case .cancel(let id):
        guard let request = state.requests[id], !request.isStopping, !request.isRevoked else { continue }
        state.requests[id]?.isRevoked = true
        metrics?.preempted(request.lane, request.priority)
        if let revoke = request.revoke { effects.append(revoke) }
      case .refuse(let id, let retryAfter, let reason):
        guard let request = state.requests.removeValue(forKey: id) else { continue }
        state.tickets[request.ticket] = nil
        metrics?.refused(request.lane, request.priority, reason)
        let error = WorkerError(
          .busy, worker: request.lane.provider,
          message: "no slot for a \(request.priority) call (\(reason.rawValue))", retryAfter: retryAfter)
        effects.append { request.waiter?.resume(throwing: error) }
      case .requeued, .downgraded: break
      }
    }
  }

  private func setTimer(_ state: inout State) {
    let due = state.scheduler?.nextDeadline
    if let timer = state.timer {
      if let due, timer.due <= due { return }
      timer.task.cancel()
      state.timer = nil
    }
    guard let due else { return }
    let pause = max(.zero, due - clock())
    let task = Task { [weak self] in
      try? await Task.sleep(for: pause)
      if !Task.isCancelled { self?.tick() }
    }
    state.timer = (due, task)
  }

  // MARK: Views

  /// Nil where no worker has slots.
  public func snapshot() -> SchedulerSnapshot? {
    state.withLock { $0.scheduler?.snapshot(at: clock()) }
  }

  func figures(of lane: Lane) -> SchedulerMetrics? {
    guard let id = lanes[lane] else { return nil }
    var figures: SchedulerMetrics?
    perform { state, _ in
      // So that slot-time is counted up to now.
      state.scheduler?.advance(clock(), into: &state.actions)
      figures = state.scheduler?.metrics(of: id)
    }
    return figures
  }
}
