import Testing
import VivaTesting

import AsyncHTTPClient
@testable import Workers

@Suite struct OpenAILanguageModelTests {
  private typealias Server = ScriptedLanguageModelServer

  /// Runs `body` with a language model at a scripted server.
  private func with(
    firstResult: Int = 60_000, gap: Int = 60_000, reply: @Sendable @escaping (Server.Request) -> Server.Reply,
    _ body: (OpenAILanguageModel, Server) async throws -> Void
  ) async throws {
    let server = try await Server(reply: reply)
    let client = HTTPClient.forWorkers(connectMilliseconds: 60_000)
    var settings = provider(.openai, server.url, firstResult: firstResult, gap: gap)
    settings.apiKey = "secret"
    settings.model = "small"
    do {
      try await body(OpenAILanguageModel(settings, client: client), server)
    } catch {
      Issue.record(error)
    }
    try await client.shutdown()
    await server.shutdown()
  }

  private let hello = CompletionRequest(messages: [.user("Hello")])

  @Test func textComesPieceByPieceThenUsageThenTheEnd() async throws {
    try await with(reply: { _ in Server.Reply("Good day to you.") }) { model, server in
      let events = try await all(model.complete(hello))
      #expect(
        events == [
          .text("Good"), .text(" day"), .text(" to"), .text(" you."),
          .usage(TokenUsage(inputTokens: 10, outputTokens: 5)), .finished(.stop),
        ])
      #expect(server.requests.first?.authorization == "Bearer secret")
      #expect(server.requests.first?.lastUserText == "Hello")
      #expect(server.requests.first?.body.contains(#""model":"small""#) == true)
    }
  }

  /// A kept connection may be closed by its server just as it is used again, which looks like a failed worker.
  @Test func eachRequestHasAConnectionOfItsOwn() async throws {
    try await with(reply: { _ in Server.Reply("Yes.") }) { model, server in
      for _ in 0..<5 { _ = try await all(model.complete(hello)) }
      #expect(server.counts.requests == 5)
      #expect(server.counts.connections == 5)
      #expect(await eventually { server.counts.live == 0 })
      #expect(server.counts.cancelled == 0)
    }
  }

  @Test func toolCallsComeWhole() async throws {
    let calls = [
      ToolCall(callID: "c1", name: "weather", arguments: #"{"city":"Ulm"}"#),
      ToolCall(callID: "c2", name: "time", arguments: "{}"),
    ]
    try await with(reply: { _ in Server.Reply(calling: calls) }) { model, _ in
      var names: [String] = []
      var arguments = ["", ""]
      var end: FinishReason?
      for try await event in model.complete(hello) {
        switch event {
        case .toolCallStarted(let index, let id, let name): names.append("\(index) \(id) \(name)")
        case .toolCallArguments(let index, let delta): arguments[index] += delta
        case .finished(let reason): end = reason
        default: break
        }
      }
      #expect(names == ["0 c1 weather", "1 c2 time"])
      #expect(arguments == calls.map(\.arguments))
      #expect(end == .toolCalls)
    }
  }

  @Test func anHTTPErrorIsRefusedWithTheServersWords() async throws {
    try await with(reply: { request in
      var reply = Server.Reply("")
      reply.fault = .error("context too long", status: request.number == 0 ? 400 : 503)
      return reply
    }) { model, _ in
      let first = await failure(model.complete(hello))
      #expect(first == WorkerError(.refused, worker: "worker", message: "context too long", status: 400))
      #expect(first?.isRetryable == false)
      #expect(await failure(model.complete(hello))?.isRetryable == true)
    }
  }

  @Test func nothingSaidIsAFailure() async throws {
    try await with(reply: { _ in Server.Reply(pieces: []) }) { model, _ in
      #expect(await failure(model.complete(hello))?.kind == .emptyReply)
    }
  }

  @Test(arguments: [
    (ScriptedFault.close(afterResults: 0), WorkerError.Kind.connection),
    (.close(afterResults: 2), .connection),
    (.garbage(afterResults: 1), .malformed),
    (.stall(afterResults: 0), .firstResultTimeout),
    (.stall(afterResults: 2), .gapTimeout),
  ])
  func faultsHaveTheirKinds(_ fault: ScriptedFault, _ kind: WorkerError.Kind) async throws {
    try await with(
      firstResult: limit(.firstResultTimeout, in: kind), gap: limit(.gapTimeout, in: kind),
      reply: { _ in
        var reply = Server.Reply("One two three four.")
        reply.fault = fault
        return reply
      }
    ) { model, server in
      #expect(await failure(model.complete(hello))?.kind == kind)
      #expect(await eventually { server.counts.live == 0 })
    }
  }

  @Test func nobodyListeningIsAConnectionErrorAtOnce() async throws {
    try await with(reply: { _ in Server.Reply("x") }) { model, server in
      await server.listener.refuseConnections()
      #expect(await failure(model.complete(hello))?.kind == .connection)
    }
  }

  @Test func cancellingClosesTheStreamAtTheServer() async throws {
    try await with(reply: { _ in
      var reply = Server.Reply(pieces: [String](repeating: "word ", count: 10_000))
      reply.pieceInterval = .milliseconds(5)
      return reply
    }) { model, server in
      let task = Task { [hello] in
        for try await _ in model.complete(hello) {}
      }
      #expect(await eventually { server.counts.requests == 1 })
      try await Task.sleep(for: .milliseconds(50))
      task.cancel()
      #expect(await eventually { server.counts.cancelled == 1 && server.counts.live == 0 })
      // Likewise when it has not answered yet, and when the stream is only dropped.
      for try await _ in model.complete(hello) { break }
      #expect(await eventually { server.counts.cancelled == 2 && server.counts.live == 0 })
    }
  }

  @Test func cancellingBeforeTheFirstTokenClosesTheRequestToo() async throws {
    try await with(reply: { _ in
      var reply = Server.Reply("late")
      reply.delay = .seconds(600)
      return reply
    }) { model, server in
      let task = Task { [hello] in try await all(model.complete(hello)) }
      #expect(await eventually { server.counts.requests == 1 })
      task.cancel()
      #expect(await eventually { server.counts.cancelled == 1 && server.counts.live == 0 })
    }
  }
}
