import Testing
import VivaConfiguration
import VivaTesting
import Workers

@Suite struct WyomingRecognizerTests {
  private typealias Server = ScriptedRecognizerServer

  private func recognizer(
    _ server: Server, partials: ProviderSettings.Partials = .auto, firstResult: Int = 60_000, gap: Int = 60_000
  ) -> WyomingRecognizer {
    var settings = provider(.wyoming, server.url, firstResult: firstResult, gap: gap)
    settings.partials = partials
    return WyomingRecognizer(settings)
  }

  private func reply(_ text: String, partials: [String] = []) -> Server.Reply {
    var reply = Server.Reply(text)
    reply.partials = partials
    reply.partialInterval = .milliseconds(100)
    return reply
  }

  @Test func hearsTheWholeTurnAndTrimsTheText() async throws {
    let server = try await Server { _ in
      var reply = Server.Reply(" hello world")
      reply.confidence = 0.75
      return reply
    }
    let events = try await all(
      recognizer(server).recognize(RecognitionRequest(language: "en-GB"), audio: turn(milliseconds: 1030)))
    #expect(events == [.final(Transcript(text: "hello world", confidence: 0.75))])
    // In chunks of 100 ms, whatever came in.
    #expect(server.turns == [.init(language: "en", audioBytes: 1020 * 32, chunks: 11, isWhole: true)])
    #expect(await eventually { server.counts.live == 0 })
    #expect(server.counts.completed == 1)
    await server.shutdown()
  }

  @Test func acceptsAnEmptyTranscript() async throws {
    let server = try await Server([""])
    let events = try await all(recognizer(server).recognize(.init(), audio: turn(milliseconds: 0)))
    #expect(events == [.final(Transcript(text: ""))])
    await server.shutdown()
  }

  @Test(arguments: [
    (ProviderSettings.Partials.whole, ProviderSettings.Partials.auto, ["how", "how are"]),
    (.piece, .auto, ["how", "howhow are"]),
    (.none, .auto, []),
    (.none, .whole, ["how", "how are"]),
    (.none, .piece, ["how", "howhow are"]),
    (.whole, .none, []),
  ])
  func partialsAreTheWholeTextSoFar(
    claimed: ProviderSettings.Partials, told: ProviderSettings.Partials, expected: [String]
  ) async throws {
    let server = try await Server(partials: claimed) { _ in reply("how are you", partials: ["how", "how are"]) }
    let events = try await all(
      recognizer(server, partials: told).recognize(.init(), audio: turn(milliseconds: 400)))
    #expect(events == expected.map { .partial($0) } + [.final(Transcript(text: "how are you"))])
    await server.shutdown()
  }

  @Test func asksForInfoOnce() async throws {
    let server = try await Server(partials: .whole) { _ in reply("yes", partials: ["y"]) }
    let recognizer = recognizer(server)
    for _ in 0..<3 {
      let events = try await all(recognizer.recognize(.init(), audio: turn(milliseconds: 200)))
      #expect(events.count == 2)
    }
    #expect(server.counts.connections == 4)
    await server.shutdown()
  }

  @Test func takesATranscriptThatComesBeforeTheEndOfTheAudio() async throws {
    let server = try await Server { _ in
      var reply = Server.Reply("done")
      reply.endpoint = .milliseconds(300)
      return reply
    }
    let (audio, speaker) = AsyncStream.makeStream(of: [Int16].self)
    for _ in 0..<20 { speaker.yield([Int16](repeating: 1, count: 320)) }
    let events = try await all(recognizer(server).recognize(.init(), audio: audio))
    #expect(events == [.final(Transcript(text: "done"))])
    speaker.finish()
    await server.shutdown()
  }

  @Test func anErrorOfTheWorkerIsRefused() async throws {
    let server = try await Server { _ in
      var reply = Server.Reply("")
      reply.fault = .error("no model")
      return reply
    }
    let error = await failure(recognizer(server).recognize(.init(), audio: turn(milliseconds: 100)))
    #expect(error?.kind == .refused)
    #expect(error?.message == "no model")
    await server.shutdown()
  }

  @Test(arguments: [
    (ScriptedFault.close(afterResults: 0), WorkerError.Kind.connection),
    (.close(afterResults: 1), .connection),
    (.garbage(afterResults: 1), .malformed),
    (.stall(afterResults: 0), .firstResultTimeout),
    (.stall(afterResults: 1), .firstResultTimeout),
  ])
  func faultsHaveTheirKinds(_ fault: ScriptedFault, _ kind: WorkerError.Kind) async throws {
    let server = try await Server { _ in
      var reply = reply("text", partials: ["te"])
      reply.fault = fault
      return reply
    }
    let error = await failure(
      recognizer(server, firstResult: limit(.firstResultTimeout, in: kind)).recognize(
        .init(), audio: turn(milliseconds: 400)))
    #expect(error?.kind == kind)
    #expect(error?.worker == "worker")
    await server.shutdown()
  }

  @Test func theDeadlineDoesNotRunWhileTheUserSpeaks() async throws {
    let server = try await Server(["slow speaker"])
    let (audio, speaker) = AsyncStream.makeStream(of: [Int16].self)
    let events = Task {
      try await all(recognizer(server, firstResult: 3000, gap: 3000).recognize(.init(), audio: audio))
    }
    for _ in 0..<8 {
      speaker.yield([Int16](repeating: 1, count: 1600))
      try await Task.sleep(for: .milliseconds(500))
    }
    speaker.finish()
    #expect(try await events.value == [.final(Transcript(text: "slow speaker"))])
    await server.shutdown()
  }

  @Test func nobodyListeningIsAConnectionError() async throws {
    let recognizer = WyomingRecognizer(provider(.wyoming, "tcp://127.0.0.1:1"))
    let error = await failure(recognizer.recognize(.init(), audio: turn(milliseconds: 100)))
    #expect(error?.message == "cannot connect to 127.0.0.1:1")
    #expect(error?.kind == .connection)
  }

  @Test func cancellingClosesTheConnection() async throws {
    let server = try await Server { _ in
      var reply = Server.Reply("never")
      reply.fault = .stall(afterResults: 0)
      return reply
    }
    let (audio, speaker) = AsyncStream.makeStream(of: [Int16].self)
    speaker.yield([Int16](repeating: 1, count: 1600))
    let task = Task { try await all(recognizer(server).recognize(.init(), audio: audio)) }
    #expect(await eventually { server.counts.requests == 1 })
    task.cancel()
    #expect(await eventually { server.counts.cancelled == 1 && server.counts.live == 0 })
    // It was cancelled, not ended: the server never saw the end of the turn.
    #expect(server.turns.isEmpty)
    await server.shutdown()
  }
}
