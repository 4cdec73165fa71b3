import NIOCore
import Resilience
import Runtime

/// What waits to be delivered to one address. Sans-IO.
///
/// The events of a session go out in their order, one at a time: the next only when the one before was delivered or
/// given up. Sessions do not wait for one another, except for a place among `maximumInFlight`, which an event
/// that waits for its retry does not take. An event is tried for ever, except where the address says that it will
/// not have it.
///
/// The queue holds `limit` events, and `maximumBytes` of them. When it is full it takes no more, rather than drop what
/// it has: what was taken is delivered, and whoever sends is told at once of what is not. A session that outlives such
/// a time has a gap in its events.
struct WebhookQueue {
  struct Item: Sendable, Equatable {
    /// The same at each attempt.
    var id: String
    var sessionID: String
    /// JSON text.
    var body: [UInt8]
  }

  struct Delivery: Sendable, Equatable {
    var item: Item
    /// From 1.
    var attempt: Int
  }

  /// What came of an attempt.
  enum Outcome: Sendable, Equatable {
    case delivered
    /// The address says that this event is no use.
    case rejected
    /// It may work later.
    case failed(retryAfter: Duration?)
  }

  enum Verdict: Sendable, Equatable {
    case delivered
    case retry(after: Duration)
    case givenUp
  }

  private struct Line {
    var items = CircularBuffer<Item>()
    /// Of the first item.
    var attempts = 0
    /// Set while the first item waits for a retry.
    var timer: UInt64?
  }

  static let maximumInFlight = 64
  /// Of bodies.
  static let maximumBytes = 64 << 20

  /// Events held, those in flight too.
  private(set) var count = 0
  private(set) var inFlight = 0
  private var bytes = 0
  private let limit: Int
  private let maxRetries: Int
  private let endless: RetryProfile
  /// By session; never empty ones.
  private var lines: [String: Line] = [:]
  /// Sessions whose first item may go out.
  private var ready = CircularBuffer<String>()
  private var waiting = TimerQueue<String>()

  init(profile: RetryProfile, limit: Int) {
    self.limit = limit
    maxRetries = profile.maxRetries
    var endless = profile
    endless.maxRetries = .max
    self.endless = endless
  }

  /// - Returns: whether there was room for it.
  mutating func enqueue(_ item: Item) -> Bool {
    guard count < limit, item.body.count <= Self.maximumBytes - bytes else { return false }
    count += 1
    bytes += item.body.count
    if lines[item.sessionID]?.items.append(item) == nil {
      lines[item.sessionID] = Line(items: [item])
      ready.append(item.sessionID)
    }
    return true
  }

  /// What is to be sent now. Each must be reported to `finish`.
  mutating func start(now: Instant) -> [Delivery] {
    while let due = waiting.popDue(at: now) {
      lines[due.payload]?.timer = nil
      ready.append(due.payload)
    }
    var deliveries: [Delivery] = []
    while inFlight < Self.maximumInFlight, let sessionID = ready.popFirst() {
      guard let item = lines[sessionID]?.items.first else { continue }
      lines[sessionID]?.attempts += 1
      inFlight += 1
      deliveries.append(Delivery(item: item, attempt: lines[sessionID]?.attempts ?? 1))
    }
    return deliveries
  }

  /// The delivery of a session's first item has ended.
  mutating func finish(
    _ sessionID: String, _ outcome: Outcome, now: Instant, using random: inout some RandomNumberGenerator
  ) -> Verdict {
    inFlight -= 1
    guard let attempts = lines[sessionID]?.attempts else { return .givenUp }
    if outcome == .delivered || (outcome == .rejected && attempts > maxRetries) {
      removeFirst(sessionID)
      return outcome == .delivered ? .delivered : .givenUp
    }
    var pause = endless.delay(beforeRetry: attempts, using: &random) ?? endless.maxDelay
    if case .failed(let asked?) = outcome { pause = max(pause, min(asked, endless.maxDelay)) }
    lines[sessionID]?.timer = waiting.insert(sessionID, at: now + pause)
    return .retry(after: pause)
  }

  /// When `start` has to be called again, should nothing else happen.
  mutating func nextDeadline() -> Instant? {
    waiting.nextDeadline()
  }

  /// Retries are due now: there may not be another chance.
  mutating func hurry() {
    for (sessionID, line) in lines {
      guard let timer = line.timer else { continue }
      waiting.cancel(timer)
      lines[sessionID]?.timer = nil
      ready.append(sessionID)
    }
  }

  private mutating func removeFirst(_ sessionID: String) {
    count -= 1
    bytes -= lines[sessionID]?.items.removeFirst().body.count ?? 0
    lines[sessionID]?.attempts = 0
    if lines[sessionID]?.items.isEmpty == true {
      lines[sessionID] = nil
    } else {
      ready.append(sessionID)
    }
  }
}
