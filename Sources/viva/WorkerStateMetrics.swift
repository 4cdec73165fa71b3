import Logging
import Telemetry
import Workers

/// What happens to local workers, as figures and in the log.
struct WorkerStateMetrics {
  private let registry: MetricsRegistry
  private let log = Logger(label: "workers")

  init(_ registry: MetricsRegistry) {
    self.registry = registry
  }

  func changed(_ change: WorkerStateChange) {
    registry.gauge(
      "viva_worker_ready", help: "Whether a local worker is ready.", labels: ["worker": change.name]
    ).set(change.to == .ready ? 1 : 0)
    guard change.to == .backoff else {
      log.info("\(change.name) is \(change.to.rawValue)")
      return
    }
    registry.counter(
      "viva_worker_failures_total", help: "Times a local worker failed and was started again.",
      labels: ["worker": change.name]
    ).increment()
    log.warning("\(change.name) failed and will be started again: \(change.detail ?? "no reason known")")
  }
}
