import Resilience
import Runtime
import Testing

@testable import Webhooks

@Suite struct WebhookQueueTests {
  /// A linear congruential generator (Knuth's MMIX), for tests that can be run again.
  private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 29)
    }
  }

  private let profile = RetryProfile(maxRetries: 2, firstDelay: .seconds(1), maxDelay: .seconds(30))
  private let start = Instant(nanoseconds: 0)
  private var random = Seeded(state: 1)

  private func item(_ session: String, _ number: Int = 0) -> WebhookQueue.Item {
    WebhookQueue.Item(id: "\(session)-\(number)", sessionID: session, body: [1, 2, 3])
  }

  private func queue(_ items: [WebhookQueue.Item] = [], limit: Int = 1000) -> WebhookQueue {
    var queue = WebhookQueue(profile: profile, limit: limit)
    for item in items { #expect(queue.enqueue(item) == true) }
    return queue
  }

  private func ids(_ deliveries: [WebhookQueue.Delivery]) -> [String] { deliveries.map(\.item.id) }

  @Test("A session's events go one at a time, in order; sessions do not wait for one another")
  mutating func order() {
    var queue = queue([item("a", 0), item("a", 1), item("b", 0), item("a", 2)])
    #expect(ids(queue.start(now: start)) == ["a-0", "b-0"])
    #expect(queue.start(now: start).isEmpty)
    #expect(queue.finish("a", .delivered, now: start, using: &random) == .delivered)
    #expect(ids(queue.start(now: start)) == ["a-1"])
    _ = queue.finish("a", .delivered, now: start, using: &random)
    #expect(ids(queue.start(now: start)) == ["a-2"])
    _ = queue.finish("a", .delivered, now: start, using: &random)
    _ = queue.finish("b", .delivered, now: start, using: &random)
    #expect(queue.count == 0 && queue.inFlight == 0 && queue.nextDeadline() == nil)
  }

  @Test("What fails is tried again for ever: the pauses double up to the longest, and the session waits")
  mutating func schedule() {
    var queue = queue([item("a", 0), item("a", 1)])
    var now = start
    for attempt in 1...50 {
      #expect(queue.start(now: now) == [.init(item: item("a", 0), attempt: attempt)])
      let verdict = queue.finish("a", .failed(retryAfter: nil), now: now, using: &random)
      guard case .retry(let pause) = verdict else {
        Issue.record("attempt \(attempt): \(verdict)")
        return
      }
      let planned = min(30, Double(1 << min(attempt - 1, 5)))
      #expect(pause.inSeconds >= planned * 0.9 && pause.inSeconds <= min(30, planned * 1.1))
      let due = now + pause
      #expect(queue.nextDeadline() == due)
      #expect(queue.start(now: due.advanced(by: .nanoseconds(-1))).isEmpty)
      now = due
    }
    #expect(ids(queue.start(now: now)) == ["a-0"])
    _ = queue.finish("a", .delivered, now: now, using: &random)
    #expect(queue.start(now: now) == [.init(item: item("a", 1), attempt: 1)])
  }

  @Test("What the address will not have is given up after the profile's retries, and the next one begins anew")
  mutating func rejected() {
    var queue = queue([item("a", 0), item("a", 1)])
    var now = start
    var verdicts: [WebhookQueue.Verdict] = []
    for _ in 0..<3 {
      #expect(ids(queue.start(now: now)) == ["a-0"])
      verdicts.append(queue.finish("a", .rejected, now: now, using: &random))
      now = queue.nextDeadline() ?? now
    }
    #expect(verdicts.map { $0 == .givenUp } == [false, false, true])
    #expect(queue.start(now: now) == [.init(item: item("a", 1), attempt: 1)])
    #expect(queue.count == 1)
  }

  @Test("Retry-After makes a pause longer, up to the profile's longest")
  mutating func retryAfter() {
    var queue = queue([item("a"), item("b")])
    _ = queue.start(now: start)
    #expect(
      queue.finish("a", .failed(retryAfter: .seconds(9)), now: start, using: &random) == .retry(after: .seconds(9)))
    #expect(
      queue.finish("b", .failed(retryAfter: .seconds(999)), now: start, using: &random) == .retry(after: .seconds(30)))
  }

  @Test("At most so many are in flight; what waits for its retry takes no place")
  mutating func places() {
    let most = WebhookQueue.maximumInFlight
    var queue = queue((0..<(most + 10)).map { item("s\($0)") })
    #expect(queue.start(now: start).count == most)
    _ = queue.finish("s0", .failed(retryAfter: nil), now: start, using: &random)
    _ = queue.finish("s1", .delivered, now: start, using: &random)
    #expect(ids(queue.start(now: start)) == ["s\(most)-0", "s\(most + 1)-0"])
    #expect(queue.inFlight == most)
  }

  @Test("A full queue keeps what it has and takes no more")
  mutating func full() {
    var queue = queue([item("a", 0), item("a", 1), item("b", 0)], limit: 3)
    #expect(queue.enqueue(item("a", 2)) == false)
    #expect(queue.enqueue(item("c", 0)) == false)
    #expect(ids(queue.start(now: start)) == ["a-0", "b-0"])
    _ = queue.finish("b", .delivered, now: start, using: &random)
    #expect(queue.enqueue(item("c", 0)) == true)
    #expect(ids(queue.start(now: start)) == ["c-0"])
    _ = queue.finish("a", .delivered, now: start, using: &random)
    #expect(ids(queue.start(now: start)) == ["a-1"])
  }

  @Test("A few huge events fill it too, and make room when they are delivered")
  mutating func huge() {
    var queue = queue()
    let half = WebhookQueue.Item(
      id: "x", sessionID: "a", body: [UInt8](repeating: 0, count: WebhookQueue.maximumBytes / 2))
    #expect(queue.enqueue(half) == true)
    #expect(queue.enqueue(half) == true)
    #expect(queue.enqueue(item("b")) == false)
    _ = queue.start(now: start)
    _ = queue.finish("a", .delivered, now: start, using: &random)
    #expect(queue.enqueue(item("b")) == true)
  }

  @Test("In a hurry, retries are due at once, and only once")
  mutating func hurry() {
    var queue = queue([item("a"), item("b")])
    _ = queue.start(now: start)
    _ = queue.finish("a", .failed(retryAfter: nil), now: start, using: &random)
    queue.hurry()
    queue.hurry()
    #expect(ids(queue.start(now: start)) == ["a-0"])
    #expect(queue.nextDeadline() == nil)
    #expect(queue.start(now: start + .seconds(100)).isEmpty)
  }

  @Test("Whatever happens, nothing taken is lost, doubled or out of order", arguments: 0..<50 as Range<UInt64>)
  func anything(seed: UInt64) {
    var random = Seeded(state: seed &* 7919 &+ 1)
    var queue = queue(limit: 40)
    var now = start
    var taken: [String: [String]] = [:]
    var ended: [String: [String]] = [:]
    var inFlight: [WebhookQueue.Delivery] = []
    var made = 0

    func step(_ outcome: WebhookQueue.Outcome) {
      guard !inFlight.isEmpty else { return }
      let delivery = inFlight.remove(at: Int(random.next() % UInt64(inFlight.count)))
      let verdict = queue.finish(delivery.item.sessionID, outcome, now: now, using: &random)
      if case .retry = verdict { return }
      ended[delivery.item.sessionID, default: []].append(delivery.item.id)
    }

    for _ in 0..<2000 {
      switch random.next() % 6 {
      case 0, 1:
        made += 1
        let item = item("s\(random.next() % 8)", made)
        if queue.enqueue(item) { taken[item.sessionID, default: []].append(item.id) }
      case 2: step([.delivered, .rejected, .failed(retryAfter: nil)][Int(random.next() % 3)])
      case 3: step(.delivered)
      case 4: now = now + .milliseconds(Int(random.next() % 3000))
      default: if random.next() % 20 == 0 { queue.hurry() }
      }
      let started = queue.start(now: now)
      inFlight += started
      #expect(Set(inFlight.map(\.item.sessionID)).count == inFlight.count)
      #expect(queue.inFlight == inFlight.count && queue.count <= 40)
    }
    while queue.count > 0 {
      if inFlight.isEmpty { now = queue.nextDeadline() ?? now }
      step(.delivered)
      inFlight += queue.start(now: now)
    }
    #expect(ended == taken)
    #expect(!taken.isEmpty)
  }

  @Test("Thousands of sessions at once and an address that hangs: all is delivered, in order, and nothing more is held")
  mutating func thousands() {
    var queue = queue(limit: 20_000)
    let sessions = 4000
    for number in 0..<3 {
      for session in 0..<sessions { #expect(queue.enqueue(item("s\(session)", number)) == true) }
    }
    var now = start
    var next = Array(repeating: 0, count: sessions)
    var delivered = 0
    var rounds = 0
    while queue.count > 0, rounds < 10_000 {
      rounds += 1
      let deliveries = queue.start(now: now)
      #expect(deliveries.count <= WebhookQueue.maximumInFlight)
      // For the first minute nothing is answered: each attempt takes the whole of its ten seconds.
      let hangs = now < start + .seconds(60)
      now = now + (hangs ? .seconds(10) : .milliseconds(5))
      for delivery in deliveries {
        let outcome = hangs ? WebhookQueue.Outcome.failed(retryAfter: nil) : .delivered
        let verdict = queue.finish(delivery.item.sessionID, outcome, now: now, using: &random)
        guard verdict == .delivered, let session = Int(delivery.item.sessionID.dropFirst()) else { continue }
        #expect(delivery.item.id == "s\(session)-\(next[session])")
        next[session] += 1
        delivered += 1
      }
      if deliveries.isEmpty { now = max(now, queue.nextDeadline() ?? now) }
    }
    #expect(delivered == 3 * sessions)
    #expect(queue.count == 0 && queue.inFlight == 0 && queue.nextDeadline() == nil)
  }
}
