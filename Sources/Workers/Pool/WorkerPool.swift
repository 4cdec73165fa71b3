import Runtime
import Scheduling
import Synchronization
import VivaConfiguration

/// The shell of the scheduler: a call to a worker that has slots takes a lease first, and gives it back when the worker is
/// free again. Workers without `slots` take all that comes.
///
/// One lock, held for microseconds, a few times a call; one timer for whatever waits.
public final class WorkerPool: Sendable {
  struct Lane: Hashable, Sendable {
    var kind: WorkerKind
    var provider: String
  }

  /// A lane as the scheduler knows it.
  struct LaneEntry: Sendable {
    var id: LaneID
    /// In the provider's order.
    var instances: [InstanceID]
    /// As the worker declares it.
    var cancelLatency: Duration
  }

  struct Slot: Sendable {
    var id: RequestID
    var instance: InstanceID
  }

  typealias Waiter = CheckedContinuation<Slot, any Error>
  typealias Effect = @Sendable () -> Void

  struct Request {
    var lane: Lane
    var priority: Priority
    var ticket: UInt64
    var submittedAt: Instant
    /// Until it has a slot.
    var waiter: Waiter?
    /// Where it has its slot.
    var instance: InstanceID?
    var revoke: (@Sendable () -> Void)?
    /// It was told to give its slot to a more urgent call.
    var isRevoked = false
    /// Its caller has left.
    var isStopping = false
    /// Its instance failed: the scheduler has forgotten it, though its call may still be running.
    var isLost = false
  }

  struct State {
    var scheduler: Scheduler?
    var actions: [SchedulerAction] = []
    var requests: [RequestID: Request] = [:]
    /// Of all requests, by their callers' tickets.
    var tickets: [UInt64: RequestID] = [:]
    /// Callers who left before their request was there.
    var withdrawn: Set<UInt64> = []
    var lastTicket: UInt64 = 0
    var timer: (due: Instant, task: Task<Void, Never>)?
    /// Instances that calls did not reach.
    var unreachable: Set<InstanceID> = []
    /// When the breakers changed for the last time: they are told of from many threads.
    var breakersChanged: [Lane: Instant] = [:]

    @discardableResult
    mutating func forget(_ id: RequestID) -> Request? {
      guard let request = requests.removeValue(forKey: id) else { return nil }
      tickets[request.ticket] = nil
      return request
    }
  }

  let clock: @Sendable () -> Instant
  let lanes: [Lane: LaneEntry]
  let metrics: PoolMetrics?
  private let state: Mutex<State>

  /// - Throws: `GPUPoolProblem` where devices and slots do not fit together; the configuration's reader has seen to that.
  public init(
    _ settings: PoolSettings, _ workers: WorkerSettings, metrics: PoolMetrics? = nil,
    clock: @escaping @Sendable () -> Instant = { .now }
  ) throws {
    self.clock = clock
    self.metrics = metrics
    let layout = PoolLayout(settings, workers)
    guard !layout.devices.isEmpty else {
      lanes = [:]
      state = Mutex(State())
      return
    }
    let pool = try GPUPool(devices: layout.devices)
    var lanes: [Lane: LaneEntry] = [:]
    for (lane, entry) in layout.lanes {
      guard let id = pool.lane(entry.kind, provider: lane.provider) else { continue }
      let instances = entry.instances.compactMap(pool.instance(named:))
      lanes[lane] = LaneEntry(id: id, instances: instances, cancelLatency: entry.cancelLatency)
    }
    self.lanes = lanes
    var policy = SchedulerPolicy()
    policy.preempts = settings.preemption
    // A call notices by itself that its worker has failed, and asks again: nothing is ever started twice.
    policy.maxFailures = 0
    state = Mutex(State(scheduler: Scheduler(pool: pool, policy: policy, at: clock())))
    metrics?.show(self, Array(lanes.keys))
  }

  // MARK: Leases

  /// Waits for a slot, for no longer than the class's max wait.
  ///
  /// - Returns: nil for a worker without slots.
  /// - Throws: `WorkerError` of kind `.busy`, with the time to come again, or `.connection` where no instance is there;
  ///   `CancellationError`.
  func lease(_ wish: SlotWish) async throws -> Lease? {
    guard let lane = lanes[wish.lane] else { return nil }
    let ticket = state.withLock { state in
      state.lastTicket += 1
      return state.lastTicket
    }
    wish.priority.follow { [weak self] in self?.change(ticket, to: $0) }
    let slot = try await waiting(ticket) { pool, waiter in
      pool.perform { state, effects in
        guard state.withdrawn.remove(ticket) == nil else {
          return effects.append { waiter.resume(throwing: CancellationError()) }
        }
        pool.submit(wish, lane, ticket, waiter, &state)
      }
    }
    return lease(slot, ticket, wish, lane)
  }

  /// The worker has stopped, and the request waits for another slot.
  func again(_ lease: Lease) async throws -> Lease {
    let (id, ticket) = (lease.id, lease.ticket)
    guard let lane = lanes[lease.wish.lane] else { throw CancellationError() }
    let slot = try await waiting(ticket) { pool, waiter in
      pool.perform { state, effects in
        if state.withdrawn.remove(ticket) != nil {
          state.forget(id)
          state.scheduler!.cancel(id, at: pool.clock(), into: &state.actions)
          effects.append { waiter.resume(throwing: CancellationError()) }
        } else if state.requests[id]?.isLost != false {
          state.forget(id)
          var wish = lease.wish
          wish.waitsAgain = true
          pool.submit(wish, lane, ticket, waiter, &state)
        } else {
          state.requests[id]?.waiter = waiter
          state.requests[id]?.isRevoked = false
          state.requests[id]?.revoke = nil
        }
        state.scheduler!.cancelled(id, at: pool.clock(), into: &state.actions)
      }
    }
    return self.lease(slot, ticket, lease.wish, lane)
  }

  private func lease(_ slot: Slot, _ ticket: UInt64, _ wish: SlotWish, _ lane: LaneEntry) -> Lease {
    var wish = wish
    // Whatever becomes of it, it keeps its place.
    if wish.arrivedAt == nil { wish.arrivedAt = state.withLock { $0.requests[slot.id]?.submittedAt } }
    return Lease(
      pool: self, id: slot.id, ticket: ticket, wish: wish,
      instance: lane.instances.firstIndex(of: slot.instance) ?? 0, cancelLatency: lane.cancelLatency)
  }

  private func submit(_ wish: SlotWish, _ lane: LaneEntry, _ ticket: UInt64, _ waiter: Waiter, _ state: inout State) {
    let now = clock()
    let priority = wish.priority.value
    var request = SchedulerRequest(
      lane: lane.id, priority: priority, affinity: wish.affinity, arrivedAt: wish.arrivedAt)
    request.waitsAgain = wish.waitsAgain
    request.avoids = Set(wish.avoids.filter(lane.instances.indices.contains).map { lane.instances[$0] })
    let id = state.scheduler!.submit(request, at: now, into: &state.actions)
    state.requests[id] = Request(
      lane: wish.lane, priority: priority, ticket: ticket, submittedAt: now, waiter: waiter)
    state.tickets[ticket] = id
  }

  /// Runs `body`, which hands the waiter over; whoever is cancelled meanwhile withdraws.
  private func waiting(
    _ ticket: UInt64, _ body: @escaping @Sendable (WorkerPool, Waiter) -> Void
  ) async throws -> Slot {
    defer { state.withLock { _ = $0.withdrawn.remove(ticket) } }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { body(self, $0) }
    } onCancel: {
      perform { state, effects in
        guard let id = state.tickets[ticket], let waiter = state.requests[id]?.waiter else {
          state.withdrawn.insert(ticket)
          return
        }
        state.forget(id)
        state.scheduler!.cancel(id, at: clock(), into: &state.actions)
        effects.append { waiter.resume(throwing: CancellationError()) }
      }
    }
  }

  // MARK: The scheduler

  /// What is due by the clock.
  func tick() {
    perform { state, _ in
      state.timer = nil
      state.scheduler?.advance(clock(), into: &state.actions)
    }
  }

  func read<Result: Sendable>(_ body: @Sendable (inout State) -> Result) -> Result {
    state.withLock { state in body(&state) }
  }

  /// Changes the state, and does what the scheduler then wants.
  func perform(_ body: (inout State, inout [Effect]) -> Void) {
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
      case .start(let id, let instance):
        guard let request = state.requests[id], let waiter = state.requests[id]?.waiter.take() else { continue }
        state.requests[id]?.instance = instance
        metrics?.started(request.lane, request.priority, after: clock() - request.submittedAt)
        effects.append { waiter.resume(returning: Slot(id: id, instance: instance)) }
      case .cancel(let id):
        guard let request = state.requests[id], !request.isStopping, !request.isRevoked else { continue }
        state.requests[id]?.isRevoked = true
        metrics?.preempted(request.lane, request.priority)
        if let revoke = request.revoke { effects.append(revoke) }
      case .refuse(let id, let retryAfter, let reason):
        guard let request = state.requests[id] else { continue }
        guard let waiter = request.waiter else {
          state.requests[id]?.isLost = true
          continue
        }
        state.forget(id)
        metrics?.refused(request.lane, request.priority, reason)
        let error = refusal(of: request, reason, retryAfter)
        effects.append { waiter.resume(throwing: error) }
      case .requeued, .downgraded: break
      }
    }
  }

  private func refusal(of request: Request, _ reason: RefusalReason, _ retryAfter: Duration) -> WorkerError {
    // To a live call this is what it would have found out by itself. A job comes again later.
    if reason == .unavailable, request.priority.isLive {
      return WorkerError(.connection, worker: request.lane.provider, message: "none of its instances is there")
    }
    return WorkerError(
      .busy, worker: request.lane.provider, message: "no slot for a \(request.priority) call (\(reason.rawValue))",
      retryAfter: retryAfter)
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
}

extension Priority {
  /// Somebody is listening, or soon will be.
  var isLive: Bool { self == .critical || self == .high }
}
