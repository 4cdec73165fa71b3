import Telemetry

/// The figures of one address.
struct WebhookMetrics: Sendable {
  enum Fate: String {
    case delivered
    /// The address would not have it.
    case rejected
    /// There was no room for it.
    case refused
    /// It had not been delivered when the server ended.
    case lost
  }

  private let registry: MetricsRegistry
  private let endpoint: String
  let backlog: Gauge

  /// - Parameter endpoint: Holds no secret: paths and queries of webhooks do.
  init(_ registry: MetricsRegistry, endpoint: String) {
    self.registry = registry
    self.endpoint = endpoint
    backlog = registry.gauge(
      "viva_webhook_backlog", help: "Webhook events not delivered yet.", labels: ["endpoint": endpoint])
  }

  func ended(_ fate: Fate, count: Int = 1) {
    registry.counter(
      "viva_webhook_events_total", help: "Webhook events, by what became of them.",
      labels: ["endpoint": endpoint, "outcome": fate.rawValue]
    ).increment(by: UInt64(clamping: count))
  }

  func attempted(_ outcome: WebhookQueue.Outcome, took: Duration) {
    let name =
      switch outcome {
      case .delivered: "ok"
      case .rejected: "rejected"
      case .failed: "failed"
      }
    registry.counter(
      "viva_webhook_requests_total", help: "Attempts to deliver webhook events, by outcome.",
      labels: ["endpoint": endpoint, "outcome": name]
    ).increment()
    registry.histogram(
      "viva_webhook_request_seconds", help: "How long attempts to deliver took.", labels: ["endpoint": endpoint]
    ).observe(took)
  }
}
