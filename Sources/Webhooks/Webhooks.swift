import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import Runtime
import Telemetry
import VivaConfiguration

/// Tells addresses what happens in sessions: signed (Standard Webhooks), in order for each session, retried with
/// backoff for as long as the server lives.
///
/// Each address has a queue of its own; a full one takes no new events, which is counted in
/// `viva_webhook_events_total{outcome="refused"}`. An address may get an event twice (its answer was lost): the
/// second has the same `webhook-id`.
public final class Webhooks: Sendable {
  private let endpoints: [WebhookEndpoint]
  private let client: HTTPClient
  private let ownsClient: Bool

  /// - Parameter client: Follows no redirects; nil makes one, which `drain` shuts down.
  public init(_ settings: [WebhookSettings], client: HTTPClient? = nil, metrics: MetricsRegistry) {
    ownsClient = client == nil
    let client = client ?? Self.makeClient()
    self.client = client
    let names = Self.names(settings)
    endpoints = zip(settings, names).map {
      WebhookEndpoint($0, name: $1, client: client, metrics: metrics)
    }
  }

  deinit {
    for endpoint in endpoints { endpoint.close() }
    // An error says that it was shut down already.
    if ownsClient { client.shutdown { _ in } }
  }

  /// Queues an event for each address that asked for its type. Any thread; never blocks. The events of one session
  /// are delivered in the order of these calls.
  public func send(_ event: WebhookEvent) {
    let interested = endpoints.filter { $0.events.isEmpty || $0.events.contains(event.type) }
    guard !interested.isEmpty else { return }
    let id = WebhookEvent.makeID()
    let item = WebhookQueue.Item(id: id, sessionID: event.sessionID, body: event.body(id: id))
    for endpoint in interested { endpoint.send(item) }
  }

  /// Events that wait for their delivery, of all addresses together.
  public var backlog: Int { endpoints.reduce(0) { $0 + $1.backlog } }

  /// Delivers what can be delivered, for the server's end: what waits for a retry is tried at once. Returns when
  /// all is delivered, when no retry is due in time, or after `limit`; what is left is then lost, counted and
  /// logged. Events that come later are refused.
  public func drain(within limit: Duration) async {
    let end = Instant.now + limit
    for endpoint in endpoints { endpoint.hurry() }
    while Instant.now < end, !endpoints.allSatisfy({ $0.isIdle(until: end) }) {
      do { try await Task.sleep(for: .milliseconds(20)) } catch { break }
    }
    for endpoint in endpoints { endpoint.close() }
    if ownsClient { try? await client.shutdown() }
  }

  /// The hosts; a number tells those of one host apart.
  static func names(_ settings: [WebhookSettings]) -> [String] {
    var seen: [String: Int] = [:]
    return settings.map { settings in
      let host = URL(string: settings.url)?.host() ?? "?"
      let number = seen[host, default: 0] + 1
      seen[host] = number
      return number == 1 ? host : "\(host)#\(number)"
    }
  }

  private static func makeClient() -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    configuration.httpVersion = .http1Only
    configuration.timeout.connect = .seconds(10)
    // The queue does that.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 10_000
    configuration.redirectConfiguration = .disallow
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }
}
