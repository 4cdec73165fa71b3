import Logging
import Resilience
import Telemetry
import VivaConfiguration
import Workers

/// What the breakers of the providers do, as figures and in the log.
struct BreakerMetrics: Sendable {
  private let registry: MetricsRegistry
  private let log = Logger(label: "providers")

  /// All begin closed.
  init(_ registry: MetricsRegistry, _ settings: WorkerSettings) {
    self.registry = registry
    let kinds: [(WorkerKind, [ProviderSettings])] = [(.asr, settings.asr), (.llm, settings.llm), (.tts, settings.tts)]
    for (kind, providers) in kinds { for provider in providers { show(.closed, kind, provider.name) } }
  }

  func changed(_ change: ProviderBoard.Change) {
    let transition = change.transition
    show(transition.to, change.kind, change.provider)
    registry.counter(
      "viva_breaker_transitions_total", help: "Changes of state of the providers' circuit breakers, by reason.",
      labels: [
        "kind": change.kind.rawValue, "provider": change.provider, "from": transition.from.rawValue,
        "to": transition.to.rawValue, "reason": transition.reason.rawValue,
      ]
    ).increment()
    let text = "breaker of \(change.provider): \(transition.from.rawValue) to \(transition.to.rawValue)"
    log.log(level: transition.to == .open ? .warning : .notice, "\(text) (\(transition.reason.rawValue))")
  }

  private func show(_ state: CircuitBreaker.State, _ kind: WorkerKind, _ provider: String) {
    for each in CircuitBreaker.State.allCases {
      registry.gauge(
        "viva_breaker_state", help: "1 for the state that a provider's circuit breaker is in.",
        labels: ["kind": kind.rawValue, "provider": provider, "state": each.rawValue]
      ).set(each == state ? 1 : 0)
    }
  }
}
