import Resilience
import Scheduling

/// What becomes of a lease, and of the instances that calls go to.
extension WorkerPool {
  /// - Parameter revoke: Called once, from any thread, when the slot is to be given up; at once where it is already.
  func onRevoke(_ id: RequestID, _ revoke: @escaping @Sendable () -> Void) {
    let isRevoked = read { state in
      state.requests[id]?.revoke = revoke
      return state.requests[id]?.isRevoked ?? false
    }
    if isRevoked { revoke() }
  }

  func isRevoked(_ id: RequestID) -> Bool {
    read { $0.requests[id]?.isRevoked ?? false }
  }

  func progress(_ id: RequestID) {
    perform { state, _ in state.scheduler!.progress(id, at: clock(), into: &state.actions) }
  }

  func end(_ id: RequestID, _ ending: CallEnding) {
    perform { state, _ in
      let now = clock()
      let request = state.forget(id)
      switch ending {
      case .answered: state.scheduler!.finish(id, at: now, into: &state.actions)
      case .refused: state.scheduler!.refusedByWorker(id, at: now, into: &state.actions)
      case .late:
        state.scheduler!.progress(id, isLate: true, at: now, into: &state.actions)
        state.scheduler!.finish(id, succeeded: false, at: now, into: &state.actions)
      case .failed, .unreachable: state.scheduler!.finish(id, succeeded: false, at: now, into: &state.actions)
      }
      guard let request, let instance = request.instance else { return }
      if ending == .answered {
        reached(instance, &state)
      } else if ending == .unreachable, instances(of: request.lane) > 1, state.unreachable.insert(instance).inserted {
        state.scheduler!.instanceFailed(instance, at: now, into: &state.actions)
      }
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
      state.forget(id)
      state.scheduler!.cancelled(id, at: clock(), into: &state.actions)
    }
  }

  /// Whoever has this ticket has become more urgent, or less.
  func change(_ ticket: UInt64, to priority: Priority) {
    perform { state, _ in
      guard let id = state.tickets[ticket] else { return }
      state.requests[id]?.priority = priority
      state.scheduler!.change(id, to: priority, at: clock(), into: &state.actions)
    }
  }

  /// Counts a call to any worker, with a slot or without: it begins (1) or ends (-1).
  func running(_ kind: WorkerKind, _ provider: String, _ change: Double) {
    metrics?.running(kind, provider, change)
  }

  // MARK: Instances

  /// How many instances a provider has; 0 for one without slots.
  func instances(of lane: Lane) -> Int { lanes[lane]?.instances.count ?? 0 }

  /// Instances, by their position at their provider, that calls did not reach, and that no probe has found again.
  var unreachable: [(lane: Lane, position: Int)] {
    let missing = read { $0.unreachable }
    guard !missing.isEmpty else { return [] }
    return lanes.flatMap { lane, entry in
      entry.instances.indices.filter { missing.contains(entry.instances[$0]) }.map { (lane, $0) }
    }
  }

  /// A probe has found the instance.
  func reached(_ lane: Lane, _ position: Int) {
    guard let entry = lanes[lane], entry.instances.indices.contains(position) else { return }
    perform { state, _ in reached(entry.instances[position], &state) }
  }

  private func reached(_ instance: InstanceID, _ state: inout State) {
    guard state.unreachable.remove(instance) != nil else { return }
    state.scheduler!.instanceRecovered(instance, at: clock(), into: &state.actions)
  }

  /// A worker that Viva runs is gone, or there.
  public func workerChanged(_ change: WorkerStateChange) {
    let isThere = change.to == .warming || change.to == .ready
    for (lane, entry) in lanes where lane.provider == change.name {
      for instance in entry.instances {
        perform { state, _ in
          if isThere {
            state.scheduler!.instanceRecovered(instance, at: clock(), into: &state.actions)
          } else {
            state.scheduler!.instanceFailed(instance, at: clock(), into: &state.actions)
          }
        }
      }
    }
  }

  /// While a provider's breaker is open its slots are for live calls alone: the board sends one there only when it has
  /// nobody else, and jobs that wait need not find out one by one.
  public func breakerChanged(_ change: ProviderBoard.Change) {
    let lane = Lane(kind: change.kind, provider: change.provider)
    guard let entry = lanes[lane] else { return }
    let transition = change.transition
    let isOpen = transition.to == .open || transition.to == .forcedOpen
    perform { state, _ in
      if let last = state.breakersChanged[lane], last > transition.at { return }
      state.breakersChanged[lane] = transition.at
      for instance in entry.instances {
        state.scheduler!.setUrgentOnly(instance, isOpen, at: clock(), into: &state.actions)
      }
    }
  }

  // MARK: Views

  /// Nil where no worker has slots.
  public func snapshot() -> SchedulerSnapshot? {
    read { $0.scheduler?.snapshot(at: clock()) }
  }

  func figures(of lane: Lane) -> SchedulerMetrics? {
    guard let id = lanes[lane]?.id else { return nil }
    var figures: SchedulerMetrics?
    perform { state, _ in
      // So that slot-time is counted up to now.
      state.scheduler?.advance(clock(), into: &state.actions)
      figures = state.scheduler?.metrics(of: id)
    }
    return figures
  }
}
