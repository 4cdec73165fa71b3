import Scheduling
import Telemetry

/// The pool as figures for Prometheus.
public struct PoolMetrics: Sendable {
  private let registry: MetricsRegistry

  public init(_ registry: MetricsRegistry) {
    self.registry = registry
  }

  func started(_ lane: WorkerPool.Lane, _ priority: Priority, after wait: Duration) {
    registry.histogram(
      "viva_pool_wait_seconds", help: "From a call's arrival at the pool to its slot.", labels: labels(lane, priority)
    ).observe(wait)
  }

  func preempted(_ lane: WorkerPool.Lane, _ priority: Priority) {
    registry.counter(
      "viva_pool_preemptions_total", help: "Calls that lost their slot to a more urgent one, by their own priority.",
      labels: labels(lane, priority)
    ).increment()
  }

  /// A `reason` of `deadline` is a miss: no slot within the class's max wait.
  func refused(_ lane: WorkerPool.Lane, _ priority: Priority, _ reason: RefusalReason) {
    registry.counter(
      "viva_pool_refusals_total", help: "Calls that got no slot, by reason; deadline is a missed max wait.",
      labels: labels(lane, priority).merging(["reason": reason.rawValue]) { $1 }
    ).increment()
  }

  /// A call to a worker begins (1) or ends (-1), with a slot or without.
  func running(_ kind: WorkerKind, _ provider: String, _ change: Double) {
    registry.gauge(
      "viva_worker_calls", help: "Calls that are under way at a worker.",
      labels: ["kind": kind.rawValue, "provider": provider]
    ).increment(by: change)
  }

  func show(_ pool: WorkerPool, _ lanes: [WorkerPool.Lane]) {
    for lane in lanes {
      for priority in Priority.allCases {
        registry.gauge(
          "viva_pool_queue_depth", help: "Calls that wait for a slot.", labels: labels(lane, priority)
        ) { [weak pool] in Double(pool?.figures(of: lane)?.depth(priority) ?? 0) }
        registry.counter(
          "viva_pool_slot_seconds_total", help: "Slots that calls had, times how long.", labels: labels(lane, priority)
        ) { [weak pool] in pool?.figures(of: lane)?[priority].slotSeconds ?? 0 }
      }
      registry.counter(
        "viva_pool_capacity_slot_seconds_total", help: "Slots that there were, times how long.", labels: labels(lane)
      ) { [weak pool] in pool?.figures(of: lane)?.capacitySlotSeconds ?? 0 }
      registry.gauge(
        "viva_pool_utilisation", help: "The part of the slot-time since the start that was used, 0 to 1.",
        labels: labels(lane)
      ) { [weak pool] in pool?.figures(of: lane)?.utilisation ?? 0 }
    }
  }

  private func labels(_ lane: WorkerPool.Lane) -> [String: String] {
    ["kind": lane.kind.rawValue, "provider": lane.provider]
  }

  private func labels(_ lane: WorkerPool.Lane, _ priority: Priority) -> [String: String] {
    labels(lane).merging(["priority": "\(priority)"]) { $1 }
  }
}
