import Foundation
import Runtime
import Signing
import Telemetry
import Testing
import VivaConfiguration
import VivaTesting

@testable import Webhooks

@Suite struct WebhooksTests {
  private typealias Service = ScriptedHTTPService

  private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

  private struct Bench: Sendable {
    var webhooks: Webhooks
    var service: Service
    var metrics: MetricsRegistry

    func send(_ session: String, _ number: Int = 0, type: String = "turn.committed") {
      webhooks.send(
        WebhookEvent(
          type: type, sessionID: session, createdAt: 1_750_000_000, data: Array(#"{"number":\#(number)}"#.utf8)))
    }

    func total(_ outcome: String) -> Int {
      let prefix = #"viva_webhook_events_total{endpoint="127.0.0.1",outcome="\#(outcome)"} "#
      let line = metrics.render().split(separator: "\n").first { $0.hasPrefix(prefix) }
      return line.flatMap { Int($0.dropFirst(prefix.count)) } ?? 0
    }
  }

  /// Runs `body` with webhooks to a scripted service.
  private func with(
    _ change: (inout WebhookSettings) -> Void = { _ in },
    reply: @Sendable @escaping (Service.Request) -> Service.Reply, _ body: (Bench) async throws -> Void
  ) async throws {
    let service = try await Service(reply: reply)
    var settings = WebhookSettings(url: service.url + "/hook", secret: Self.secret)
    // Pauses of 50 to 200 ms.
    settings.retry = "real-time"
    change(&settings)
    let metrics = MetricsRegistry()
    let bench = Bench(webhooks: Webhooks([settings], metrics: metrics), service: service, metrics: metrics)
    do {
      try await body(bench)
    } catch {
      Issue.record(error)
    }
    await bench.webhooks.drain(within: .zero)
    await service.shutdown()
  }

  private func eventually(_ condition: () -> Bool) async -> Bool {
    let end = Instant.now + .seconds(60)
    while Instant.now < end {
      if condition() { return true }
      try? await Task.sleep(for: .milliseconds(10))
    }
    return condition()
  }

  private struct Body: Decodable {
    struct Data: Decodable {
      var session_id: String
      var number: Int
    }
    var id: String
    var data: Data
  }

  private func bodies(_ requests: [Service.Request]) throws -> [Body] {
    try requests.map { try JSONDecoder().decode(Body.self, from: Data($0.body.utf8)) }
  }

  /// Of the events in the order in which they came.
  private func numbers(_ service: Service) -> [Int] {
    (try? bodies(service.requests))?.map(\.data.number) ?? []
  }

  @Test("An event is a signed POST of JSON")
  func wire() async throws {
    try await with(reply: { _ in .init(204) }) { bench in
      bench.send("sess_1", 7)
      #expect(await eventually { bench.total("delivered") == 1 })
      let sent = try #require(bench.service.requests.first)
      #expect(sent.method == "POST" && sent.path == "/hook")
      #expect(sent.headers["content-type"] == "application/json")
      let body = try #require(try bodies([sent]).first)
      #expect(body.data.session_id == "sess_1" && body.data.number == 7)
      #expect(body.id == sent.headers["webhook-id"])
      #expect(
        WebhookSignature(secret: Self.secret).verifies(
          sent.headers["webhook-signature"] ?? "", id: body.id,
          timestamp: Int(sent.headers["webhook-timestamp"] ?? "") ?? 0, body: Array(sent.body.utf8)))
      #expect(bench.webhooks.backlog == 0)
    }
  }

  @Test("An address is told only of what it asked for")
  func filter() async throws {
    try await with({ $0.events = ["session.ended"] }, reply: { _ in .init() }) { bench in
      bench.send("a", 1, type: "session.started")
      bench.send("a", 2, type: "session.ended")
      #expect(await eventually { bench.total("delivered") == 1 })
      #expect(numbers(bench.service) == [2])
    }
  }

  @Test("In order for each session while half of all attempts fail, each with the id it had before")
  func orderUnderFailures() async throws {
    let faults: [Service.Reply] = [.init(503), .init(200, "x", fault: .hangUp), .init(429), .init(301)]
    try await with(reply: { request in
      request.number % 2 == 0 ? faults[request.number / 2 % 4] : .init(200, "ok")
    }) { bench in
      for number in 0..<5 { for session in 0..<4 { bench.send("s\(session)", number) } }
      #expect(await eventually { bench.total("delivered") == 20 })
      let all = try bodies(bench.service.requests)
      #expect(all.count > 20)
      for session in 0..<4 {
        let own = all.filter { $0.data.session_id == "s\(session)" }
        #expect(own.map(\.data.number) == own.map(\.data.number).sorted())
        #expect(Set(own.map(\.data.number)) == Set(0..<5))
        #expect(Set(own.map(\.id)).count == 5)
      }
    }
  }

  @Test("A session whose event hangs delays no other session")
  func slow() async throws {
    try await with(reply: { request in
      request.body.contains("slow") ? .init(200, "", fault: .silent) : .init(200)
    }) { bench in
      bench.send("slow", 0)
      for number in 0..<30 { bench.send("s\(number % 3)", number) }
      #expect(await eventually { bench.total("delivered") == 30 })
      #expect(bench.webhooks.backlog == 1)
    }
  }

  @Test("A dead address delays no other address, and is told all when it is back")
  func dead() async throws {
    try await with(reply: { _ in .init() }) { bench in
      let other = try await Service { _ in .init() }
      let settings = [bench.service, other].map { service in
        var settings = WebhookSettings(url: service.url, secret: Self.secret)
        settings.retry = "real-time"
        return settings
      }
      let webhooks = Webhooks(settings, metrics: bench.metrics)
      await bench.service.listener.refuseConnections()
      for number in 0..<10 {
        webhooks.send(
          WebhookEvent(type: "t", sessionID: "a", createdAt: 1, data: Array(#"{"number":\#(number)}"#.utf8)))
      }
      #expect(await eventually { other.counts.completed == 10 })
      #expect(await eventually { webhooks.backlog == 10 })
      try await bench.service.listener.acceptConnections()
      #expect(await eventually { webhooks.backlog == 0 })
      #expect(numbers(bench.service) == Array(0..<10))
      // One event has one id, wherever it goes.
      #expect(try bodies(bench.service.requests).map(\.id) == bodies(other.requests).map(\.id))
      await webhooks.drain(within: .zero)
      await other.shutdown()
    }
  }

  @Test("A slow answer is an attempt that failed: its time is bounded")
  func timeout() async throws {
    try await with(
      { $0.timeoutMilliseconds = 100 },
      reply: { request in
        request.number == 0 ? .init(200, "", fault: .silent) : .init()
      }
    ) { bench in
      bench.send("a")
      #expect(await eventually { bench.total("delivered") == 1 })
      // On a busy machine a good answer may be too slow as well.
      #expect(bench.service.requests.count >= 2)
      #expect(Set(bench.service.requests.map { $0.headers["webhook-id"] }).count == 1)
    }
  }

  @Test("An event that the address will not have is given up, and the next one delivered")
  func rejected() async throws {
    try await with(reply: { request in
      request.body.contains(#""number":0"#) ? .init(410) : .init()
    }) { bench in
      bench.send("a", 0)
      bench.send("a", 1)
      #expect(await eventually { bench.total("delivered") == 1 })
      #expect(bench.total("rejected") == 1)
      #expect(numbers(bench.service) == [0, 0, 0, 1])
    }
  }

  @Test("What a full queue refuses is counted; what it took is delivered")
  func full() async throws {
    try await with(
      {
        $0.queueLimit = 5
        $0.retry = "real-time"
      }, reply: { _ in .init() }
    ) { bench in
      await bench.service.listener.refuseConnections()
      for number in 0..<9 { bench.send("a", number) }
      #expect(bench.total("refused") == 4)
      #expect(bench.webhooks.backlog == 5)
      try await bench.service.listener.acceptConnections()
      #expect(await eventually { bench.total("delivered") == 5 })
      #expect(numbers(bench.service) == [0, 1, 2, 3, 4])
      #expect(await eventually { bench.metrics.render().contains("viva_webhook_backlog{endpoint=\"127.0.0.1\"} 0\n") })
    }
  }

  @Test("Drained, all that can be delivered is, and retries are not waited for")
  func drain() async throws {
    try await with(
      { $0.retry = "batch" },
      reply: { request in
        request.number < 3 ? .init(503) : .init(200, "", delay: .milliseconds(50))
      }
    ) { bench in
      for session in 0..<3 { for number in 0..<4 { bench.send("s\(session)", number) } }
      #expect(await eventually { bench.service.counts.completed == 3 })
      await bench.webhooks.drain(within: .seconds(20))
      #expect(bench.total("delivered") == 12)
      #expect(bench.total("lost") == 0)
      bench.send("late")
      #expect(bench.total("refused") == 1)
    }
  }

  @Test("Draining into the void ends when nothing more can be had, and counts what is lost")
  func drainDead() async throws {
    try await with({ $0.retry = "batch" }, reply: { _ in .init(503) }) { bench in
      bench.send("a", 0)
      bench.send("a", 1)
      let began = Instant.now
      await bench.webhooks.drain(within: .milliseconds(500))
      #expect(Instant.now - began < .seconds(5))
      #expect(bench.total("lost") == 2)
    }
  }

  @Test("Webhooks without an address do nothing")
  func none() async {
    let webhooks = Webhooks([], metrics: MetricsRegistry())
    webhooks.send(WebhookEvent(type: "t", sessionID: "a", createdAt: 1))
    #expect(webhooks.backlog == 0)
    await webhooks.drain(within: .seconds(5))
  }
}
