import Telemetry

/// Worker requests as figures for Prometheus.
public struct WorkerMetrics: WorkerObserver {
  let registry: MetricsRegistry

  public init(_ registry: MetricsRegistry) {
    self.registry = registry
  }

  public func requestFinished(
    kind: WorkerKind, provider: String, outcome: String, firstResult: Duration?, total: Duration
  ) {
    let labels = ["kind": kind.rawValue, "provider": provider]
    registry.counter(
      "viva_worker_requests_total", help: "Requests to workers, by outcome.",
      labels: labels.merging(["outcome": outcome]) { $1 }
    ).increment()
    registry.histogram(
      "viva_worker_request_seconds", help: "How long requests to workers took.", labels: labels
    ).observe(total)
    guard let firstResult else { return }
    registry.histogram(
      "viva_worker_first_result_seconds", help: "From a request to its first result.", labels: labels
    ).observe(firstResult)
  }
}
