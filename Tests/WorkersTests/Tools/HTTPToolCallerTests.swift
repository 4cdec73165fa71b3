import AsyncHTTPClient
import Foundation
import Runtime
import Signing
import Synchronization
import Telemetry
import Testing
import VivaConfiguration
import VivaTesting

@testable import Workers

@Suite struct HTTPToolCallerTests {
  private typealias Service = ScriptedHTTPService

  private final class Log: ToolObserver {
    private let entries = Mutex<[String]>([])
    var all: [String] { entries.withLock { $0 } }

    func toolCallFinished(tool: String, outcome: String, attempts: Int, total: Duration) {
      entries.withLock { $0.append("\(tool) \(outcome) \(attempts)") }
    }
  }

  /// Runs `body` with a caller, a request to a scripted service, and what the observer was told.
  private func with(
    timeout: Int = 60_000, reply: @Sendable @escaping (Service.Request) -> Service.Reply,
    _ body: (HTTPToolCaller, ToolRequest, Service, Log) async throws -> Void
  ) async throws {
    let service = try await Service(reply: reply)
    let client = HTTPClient.forWorkers(connectMilliseconds: 60_000)
    var tool = HTTPTool(name: "book", url: service.url + "/book?x=1")
    tool.timeoutMilliseconds = timeout
    tool.secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    tool.headers = ["X-Team": "blue", "content-type": "text/plain"]
    let request = ToolRequest(
      tool: tool, callID: "call_1", arguments: #"{"day":"Monday"}"#, sessionID: "sess_1", agent: "interviewer")
    let log = Log()
    do {
      try await body(HTTPToolCaller(client: client, observer: log), request, service, log)
    } catch {
      Issue.record(error)
    }
    try await client.shutdown()
    await service.shutdown()
  }

  private func type(_ outcome: ToolOutcome) -> String? {
    struct Body: Decodable {
      struct Failure: Decodable {
        var type: String
        var message: String
      }
      var error: Failure
    }
    guard case .failure(let text) = outcome else { return nil }
    return (try? JSONDecoder().decode(Body.self, from: Data(text.utf8)))?.error.type
  }

  @Test("A call is a signed POST with the tool's headers, and its answer the output")
  func call() async throws {
    try await with(reply: { _ in .init(200, #"{"booked":true}"#) }) { caller, request, service, log in
      #expect(await caller.call(request) == .output(#"{"booked":true}"#))
      let sent = try #require(service.requests.first)
      #expect(sent.method == "POST" && sent.path == "/book?x=1")
      #expect(sent.headers["x-team"] == "blue")
      #expect(sent.headers["content-type"] == "application/json")
      #expect(sent.headers["idempotency-key"] == sent.headers["webhook-id"])
      #expect(sent.body.contains(#""arguments":{"day":"Monday"}"#))
      let verifier = WebhookSignature(secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
      #expect(
        verifier.verifies(
          sent.headers["webhook-signature"] ?? "", id: sent.headers["webhook-id"] ?? "",
          timestamp: Int(sent.headers["webhook-timestamp"] ?? "") ?? 0, body: Array(sent.body.utf8)))
      #expect(log.all == ["book ok 1"])
    }
  }

  @Test("A tool without a secret is called without a signature, yet with an id")
  func unsigned() async throws {
    try await with(reply: { _ in .init(204) }) { caller, request, service, _ in
      var request = request
      request.tool.secret = nil
      #expect(await caller.call(request) == .output("{}"))
      #expect(service.requests.first?.headers["webhook-signature"] == nil)
      #expect(service.requests.first?.headers["webhook-id"] != nil)
    }
  }

  @Test("A service that fails is asked again, with the same id and body")
  func retries() async throws {
    try await with(reply: { request in
      switch request.number {
      case 0: .init(503)
      case 1: .init(200, "half of this", fault: .cutOff)
      default: .init(200, "done")
      }
    }) { caller, request, service, log in
      #expect(await caller.call(request) == .output("done"))
      #expect(service.requests.count == 3)
      #expect(Set(service.requests.map { $0.headers["webhook-id"] }).count == 1)
      #expect(Set(service.requests.map(\.body)).count == 1)
      #expect(log.all == ["book ok 3"])
    }
  }

  @Test("A service that goes on failing is given up, with its status for the model")
  func failing() async throws {
    try await with(reply: { _ in .init(500, #"{"error":{"message":"out of paper"}}"#) }) {
      caller, request, service, log in
      let outcome = await caller.call(request)
      #expect(outcome == .failure(#"{"error":{"message":"out of paper","status":500,"type":"http_error"}}"#))
      #expect(service.counts.requests == 3)
      #expect(log.all == ["book http_error 3"])
    }
  }

  @Test("A refusal is not argued with, and a redirect not followed", arguments: [400, 401, 404, 307])
  func refusal(status: Int) async throws {
    try await with(reply: { request in
      var reply = Service.Reply(status)
      reply.headers["Location"] = "/elsewhere"
      return reply
    }) { caller, request, service, _ in
      #expect(type(await caller.call(request)) == "http_error")
      #expect(service.counts.requests == 1)
    }
  }

  @Test("A service that is gone is a connection error, and its address is not told")
  func gone() async throws {
    try await with(reply: { _ in .init() }) { caller, request, service, log in
      await service.shutdown()
      let outcome = await caller.call(request)
      #expect(type(outcome) == "connection_error")
      #expect(!outcome.text.contains("127.0.0.1"))
      #expect(log.all == ["book connection_error 3"])
    }
  }

  @Test(
    "The tool's time bounds a silent service, one that stalls, and the retries together",
    arguments: [ScriptedHTTPService.Reply.Fault.silent, .stalled, nil])
  func slow(fault: ScriptedHTTPService.Reply.Fault?) async throws {
    try await with(
      timeout: 300,
      reply: { _ in
        fault.map { .init(200, "never whole", fault: $0) } ?? .init(503, delay: .milliseconds(140))
      }
    ) { caller, request, service, _ in
      let began = Instant.now
      let outcome = await caller.call(request)
      #expect(["timeout", "http_error"].contains(type(outcome)))
      #expect(fault == nil || type(outcome) == "timeout")
      #expect(Instant.now - began < .seconds(60))
      #expect(await eventually { service.counts.live == 0 })
    }
  }

  @Test("An endless answer is cut off")
  func endless() async throws {
    try await with(reply: { _ in .init(200, String(repeating: "x", count: 1 << 20)) }) { caller, request, service, _ in
      #expect(type(await caller.call(request)) == "invalid_response")
      #expect(await eventually { service.counts.live == 0 })
    }
  }

  @Test("Cancelling the task closes the connection")
  func cancel() async throws {
    try await with(reply: { _ in .init(200, "never", fault: .silent) }) { caller, request, service, log in
      let task = Task { await caller.call(request) }
      #expect(await eventually { service.counts.requests == 1 })
      task.cancel()
      #expect(type(await task.value) == "cancelled")
      #expect(await eventually { service.counts.live == 0 && service.counts.cancelled == 1 })
      #expect(log.all == ["book cancelled 1"])
    }
  }

  @Test("Arguments that are no object reach no service")
  func badArguments() async throws {
    try await with(reply: { _ in .init() }) { caller, request, service, log in
      var request = request
      request.arguments = "Monday"
      #expect(type(await caller.call(request)) == "invalid_arguments")
      #expect(service.counts.connections == 0)
      #expect(log.all == ["book invalid_arguments 0"])
    }
  }

  @Test("A header that cannot be sent is an error and no crash, and is not told")
  func badHeader() async throws {
    try await with(reply: { _ in .init() }) { caller, request, service, _ in
      var request = request
      request.tool.headers = ["X-Bad": "hush\r\nX-Other: 1"]
      let outcome = await caller.call(request)
      #expect(type(outcome) == "connection_error")
      #expect(!outcome.text.contains("hush"))
      #expect(service.counts.requests == 0)
    }
  }

  @Test("The set of workers calls tools with its own client, and counts")
  func workerSet() async throws {
    try await with(reply: { _ in .init(200, "yes") }) { _, request, _, _ in
      let registry = MetricsRegistry()
      let set = WorkerSet(settings: WorkerSettings(), observer: WorkerMetrics(registry))
      #expect(await set.toolCaller.call(request) == .output("yes"))
      #expect(registry.render().contains(#"viva_tool_requests_total{outcome="ok",tool="book"} 1"#))
      #expect(registry.render().contains(#"viva_tool_request_seconds_count{tool="book"} 1"#))
      await set.shutdown()
    }
  }
}
