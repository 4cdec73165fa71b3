import AsyncHTTPClient
import Logging
import Resilience
import Runtime
import Synchronization
import Telemetry
import VivaConfiguration

/// Delivers to one address. Any thread; no call blocks.
final class WebhookEndpoint: Sendable {
  private struct State {
    var queue: WebhookQueue
    var random = SystemRandomNumberGenerator()
    /// By session.
    var deliveries: [String: Task<Void, Never>] = [:]
    var timer: (due: Instant, task: Task<Void, Never>)?
    var isClosed = false
    /// So that each trouble is logged once.
    var isFailing = false
    var isRefusing = false
  }

  let events: [String]
  private let limit: Int
  private let request: WebhookRequest
  private let client: HTTPClient
  private let metrics: WebhookMetrics
  private let log: Logger
  private let state: Mutex<State>

  /// - Parameter name: For logs and metrics: without secrets.
  init(_ settings: WebhookSettings, name: String, client: HTTPClient, metrics: MetricsRegistry) {
    events = settings.events
    limit = settings.queueLimit
    request = WebhookRequest(settings)
    self.client = client
    self.metrics = WebhookMetrics(metrics, endpoint: name)
    var log = Logger(label: "webhooks")
    log[metadataKey: "endpoint"] = "\(name)"
    self.log = log
    let profile = RetryProfile(named: settings.retry) ?? .batch
    state = Mutex(State(queue: WebhookQueue(profile: profile, limit: settings.queueLimit)))
  }

  var backlog: Int { state.withLock { $0.queue.count } }

  func send(_ item: WebhookQueue.Item) {
    let (taken, isFirst) = state.withLock { state in
      let taken = !state.isClosed && state.queue.enqueue(item)
      defer { if !taken { state.isRefusing = true } }
      return (taken, !state.isRefusing)
    }
    guard taken else {
      metrics.ended(.refused)
      if isFirst { log.error("webhook events are lost: the queue is full", metadata: ["limit": "\(limit)"]) }
      return
    }
    advance()
  }

  /// Retries what waits, now.
  func hurry() {
    state.withLock { $0.queue.hurry() }
    advance()
  }

  /// Whether nothing more can be delivered before `end`.
  func isIdle(until end: Instant) -> Bool {
    state.withLock { state in
      guard state.queue.count > 0 else { return true }
      guard state.queue.inFlight == 0, let next = state.queue.nextDeadline() else { return false }
      return next > end
    }
  }

  /// Gives up what is left; takes no more.
  func close() {
    let (lost, tasks) = state.withLock { state in
      guard !state.isClosed else { return (0, [Task<Void, Never>]()) }
      state.isClosed = true
      return (state.queue.count, Array(state.deliveries.values) + [state.timer?.task].compactMap { $0 })
    }
    for task in tasks { task.cancel() }
    guard lost > 0 else { return }
    metrics.ended(.lost, count: lost)
    log.error("webhook events are lost: not delivered before the end", metadata: ["count": "\(lost)"])
  }

  /// Sends what is due, and wakes up for what is due next.
  private func advance() {
    state.withLock { state in
      guard !state.isClosed else { return }
      for delivery in state.queue.start(now: .now) {
        state.deliveries[delivery.item.sessionID] = Task { await self.deliver(delivery) }
      }
      metrics.backlog.set(Double(state.queue.count))
      let next = state.queue.nextDeadline()
      guard next != state.timer?.due else { return }
      state.timer?.task.cancel()
      state.timer = next.map { due in
        (
          due,
          Task {
            try? await Task.sleep(for: max(.zero, due - .now))
            if !Task.isCancelled { self.advance() }
          }
        )
      }
    }
  }

  private func deliver(_ delivery: WebhookQueue.Delivery) async {
    let began = Instant.now
    let item = delivery.item
    let (outcome, reason) = await request.send(item, client: client)
    let (verdict, wasFailing) = state.withLock { state -> (WebhookQueue.Verdict?, Bool) in
      guard !state.isClosed else { return (nil, false) }
      state.deliveries[item.sessionID] = nil
      let verdict = state.queue.finish(item.sessionID, outcome, now: .now, using: &state.random)
      if state.queue.count <= limit / 2 { state.isRefusing = false }
      defer { state.isFailing = outcome != .delivered }
      return (verdict, state.isFailing)
    }
    guard let verdict else { return }
    metrics.attempted(outcome, took: Instant.now - began)
    report(delivery, verdict, wasFailing: wasFailing, reason ?? "")
    advance()
  }

  private func report(
    _ delivery: WebhookQueue.Delivery, _ verdict: WebhookQueue.Verdict, wasFailing: Bool, _ reason: String
  ) {
    switch verdict {
    case .delivered:
      metrics.ended(.delivered)
      if wasFailing { log.notice("webhook address answers again") }
    case .retry(let pause):
      guard !wasFailing else { return }
      log.warning(
        "webhook address fails; its events are kept and tried again",
        metadata: ["reason": "\(reason)", "pause": "\(pause.milliseconds) ms"])
    case .givenUp:
      metrics.ended(.rejected)
      log.error(
        "webhook event is given up: its address will not have it",
        metadata: [
          "reason": "\(reason)", "event": "\(delivery.item.id)", "session": "\(delivery.item.sessionID)",
          "attempts": "\(delivery.attempt)",
        ])
    }
  }
}
