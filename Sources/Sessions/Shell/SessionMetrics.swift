import Telemetry

/// The figures of sessions, for Prometheus. All happen a few times a turn, so looking them up by name is cheap enough.
struct SessionMetrics {
  private let registry: MetricsRegistry

  init(_ registry: MetricsRegistry) {
    self.registry = registry
  }

  /// - Parameter count: asked whenever the figures are read.
  func showActive(_ count: @escaping @Sendable () -> Int) {
    registry.gauge("viva_sessions_active", help: "Sessions with a client.") { Double(count()) }
  }

  /// - Parameter level: asked whenever the figures are read.
  func showFloor(by holder: String, _ level: @escaping @Sendable () -> Int) {
    registry.gauge(
      "viva_ladder_floor", help: "The best level that sessions may have: 1 (full) is none.", labels: ["holder": holder]
    ) { Double(level()) }
  }

  func opened(agent: String) {
    registry.counter("viva_sessions_total", help: "Sessions opened.", labels: ["agent": agent]).increment()
  }

  func observed(_ observation: Observation, agent: String) {
    let labels = ["agent": agent]
    switch observation {
    case .turn:
      registry.counter("viva_turns_total", help: "User turns committed.", labels: labels).increment()
    case .response(let status):
      registry.counter(
        "viva_responses_total", help: "Responses done, by status.",
        labels: ["agent": agent, "status": status]
      ).increment()
    case .cachedAnswer:
      registry.counter(
        "viva_cached_answers_total", help: "Answers said again, since no language model answered.", labels: labels
      ).increment()
    case .bargeIn:
      registry.counter("viva_barge_ins_total", help: "Responses that the user cut off.", labels: labels)
        .increment()
    case .resumed:
      registry.counter(
        "viva_resumed_responses_total", help: "Answers that went on after an interruption that was none.",
        labels: labels
      ).increment()
    case .ladder(let from, let to, let reason):
      registry.counter(
        "viva_ladder_changes_total", help: "Changes of sessions' levels, 1 (full) to 5 (fallback), by reason.",
        labels: ["from": String(from), "to": String(to), "reason": reason]
      ).increment()
    case .latency(let stage, let duration):
      registry.histogram(
        "viva_stage_latency_seconds",
        help:
          "Latency of each stage of a response; stage response is last voiced sample to first audio sent.",
        labels: ["stage": stage.rawValue]
      ).observe(duration)
    }
  }
}
