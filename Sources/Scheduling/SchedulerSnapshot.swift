import Runtime

/// Queue and slots as they are, for an admin's view.
public struct SchedulerSnapshot: Sendable, Hashable {
  public struct ClassView: Sendable, Hashable {
    public let priority: Priority
    /// Requests that wait, and those of them that were started before.
    public let queued: Int
    public let resumed: Int
    /// Slots that it has, and those of them whose call is stopping.
    public let slots: Int
    public let stopping: Int
    /// Until the first that waits must start; negative for one that was started before. nil when none waits.
    public let firstDeadline: Duration?
    /// How far behind its floor it is (above zero), in slot-seconds.
    public let floorCredit: Double
  }

  public struct LaneView: Sendable, Hashable {
    public let kind: GPUPool.WorkerKind
    public let provider: String
    /// Most urgent first.
    public let classes: [ClassView]
  }

  public struct InstanceView: Sendable, Hashable {
    public let name: String
    public let device: String
    public let role: GPUPool.Role
    public let lane: LaneID
    public let isHealthy: Bool
    /// It gets no further calls.
    public let isHeld: Bool
    /// As configured, and as it has proved.
    public let configuredSlots: Int
    public let slots: Int
    public let busy: Int
    public let stopping: Int
    /// As measured so far.
    public let cancelLatency: Duration
  }

  public struct CallView: Sendable, Hashable {
    public let id: RequestID
    public let priority: Priority
    public let instance: InstanceID
    public let isStopping: Bool
    /// Since its start on this instance.
    public let age: Duration
    public let preemptions: Int
  }

  public let lanes: [LaneView]
  public let instances: [InstanceView]
  /// Calls that have a slot, most urgent class first, oldest first within one.
  public let running: [CallView]
}

extension Scheduler {
  /// - Complexity: that of the running calls; those that wait are only counted.
  public func snapshot(at now: Instant) -> SchedulerSnapshot {
    SchedulerSnapshot(
      lanes: lanes.indices.map { lane in
        SchedulerSnapshot.LaneView(
          kind: pool.lanes[lane].kind, provider: pool.lanes[lane].provider,
          classes: classes[lane * 4..<lane * 4 + 4].map { view(of: $0, at: now) })
      },
      instances: instances.indices.map(view(ofInstance:)),
      running: classes.indices.flatMap { running(in: $0, at: now) })
  }

  private func view(of state: ClassState, at now: Instant) -> SchedulerSnapshot.ClassView {
    let first = (state.resumed.first ?? state.waiting.first)?.deadline
    return SchedulerSnapshot.ClassView(
      priority: state.priority, queued: state.depth, resumed: state.resumed.count, slots: state.slots,
      stopping: state.stopping, firstDeadline: first.map { Instant(nanoseconds: $0) - now },
      floorCredit: state.account.credit / 1e9)
  }

  private func view(ofInstance index: Int) -> SchedulerSnapshot.InstanceView {
    let (state, instance) = (instances[index], pool.instances[index])
    return SchedulerSnapshot.InstanceView(
      name: instance.name, device: pool.devices[state.device].name, role: state.role, lane: LaneID(index: state.lane),
      isHealthy: state.isHealthy, isHeld: state.isHeld, configuredSlots: instance.slots, slots: state.limit.slots,
      busy: state.busy, stopping: state.stopping, cancelLatency: .nanoseconds(state.cancelLatency.nanoseconds))
  }

  private func running(in state: Int, at now: Instant) -> [SchedulerSnapshot.CallView] {
    var calls: [SchedulerSnapshot.CallView] = []
    var next = classes[state].running.first
    while next >= 0 {
      let record = slab[Int(next)]
      calls.append(
        SchedulerSnapshot.CallView(
          id: slab.id(Int(next)), priority: record.priority, instance: InstanceID(index: Int(record.instance)),
          isStopping: record.state == .stopping, age: now - Instant(nanoseconds: record.startedAt),
          preemptions: Int(record.preemptions)))
      next = record.next
    }
    return calls
  }
}
