import AsyncHTTPClient
import Testing
import VivaConfiguration
import VivaTesting

@testable import Workers

@Suite struct OpenAIRecognizerTests {
  private typealias Server = ScriptedTranscriptionServer

  /// Runs `body` with a recogniser at a scripted server.
  private func with(
    firstResult: Int = 60_000, settings change: (inout ProviderSettings) -> Void = { _ in },
    reply: @Sendable @escaping (Server.Request) -> Server.Reply,
    _ body: (OpenAIRecognizer, Server) async throws -> Void
  ) async throws {
    let server = try await Server(reply: reply)
    let client = HTTPClient.forWorkers(connectMilliseconds: 60_000)
    var settings = provider(.openai, server.url, firstResult: firstResult)
    settings.apiKey = "secret"
    change(&settings)
    do {
      try await body(OpenAIRecognizer(settings, client: client), server)
    } catch {
      Issue.record(error)
    }
    try await client.shutdown()
    await server.shutdown()
  }

  @Test("a turn is sent as a WAV file of 16 kHz, with what is known of it")
  func request() async throws {
    try await with(settings: { $0.model = "gpt-4o-transcribe" }, reply: { _ in .init("Hello.") }) {
      recognizer, server in
      var request = RecognitionRequest(language: "en-GB")
      request.prompt = "Names: Ada,\r\nGrace"
      request.keywords = ["Viva"]
      _ = try await all(recognizer.recognize(request, audio: turn(milliseconds: 1000)))
      let sent = try #require(server.requests.first)
      #expect(sent.authorization == "Bearer secret")
      #expect(
        sent.fields == [
          "model": "gpt-4o-transcribe", "response_format": "json", "stream": "true", "language": "en",
          "prompt": "Names: Ada,\r\nGrace", "keywords[]": "Viva", "include[]": "logprobs",
        ])
      #expect(sent.fileName == "turn.wav")
      let file = try WAVFile(bytes: sent.file)
      #expect(file.sampleRate == 16_000)
      #expect(file.samples == [Int16](repeating: 100, count: 16_000))
    }
  }

  @Test("what is not known is not sent")
  func bareRequest() async throws {
    try await with(settings: { $0.streams = false }, reply: { _ in .init("Hello.") }) { recognizer, server in
      _ = try await all(recognizer.recognize(.init(), audio: turn(milliseconds: 200)))
      #expect(server.requests.first?.fields == ["model": "default", "response_format": "json"])
    }
  }

  @Test("deltas become partials of the whole text so far", arguments: [Server.Reply.Stream.openAI, .vLLM])
  fileprivate func partials(stream: ScriptedTranscriptionServer.Reply.Stream) async throws {
    try await with(reply: { _ in
      var reply = Server.Reply(pieces: [" What", " time", " ", "is it? "])
      reply.stream = stream
      return reply
    }) { recognizer, server in
      let events = try await all(recognizer.recognize(.init(), audio: turn(milliseconds: 500)))
      #expect(
        events == [
          .partial("What"), .partial("What time"), .partial("What time is it?"),
          .final(Transcript(text: "What time is it?")),
        ])
      #expect(await eventually { server.counts.live == 0 })
      #expect(server.counts.cancelled == 0)
    }
  }

  @Test("a server that does not stream is understood, whether it was asked to or not", arguments: [true, false])
  func plainJSON(streams: Bool) async throws {
    try await with(
      settings: { $0.streams = streams },
      reply: { _ in
        var reply = Server.Reply(" Good day. ")
        reply.stream = .none
        return reply
      }
    ) { recognizer, _ in
      let events = try await all(recognizer.recognize(.init(), audio: turn(milliseconds: 500)))
      #expect(events == [.final(Transcript(text: "Good day."))])
    }
  }

  @Test("the confidence is the mean probability of the tokens", arguments: [true, false])
  func confidence(streams: Bool) async throws {
    try await with(
      settings: { $0.streams = streams },
      reply: { _ in
        var reply = Server.Reply("Yes.")
        reply.logprobs = [-0.1, -0.3]
        return reply
      }
    ) { recognizer, _ in
      guard
        case .final(let transcript)? = try await all(
          recognizer.recognize(.init(), audio: turn(milliseconds: 500))
        ).last
      else { throw WorkerError(.malformed, worker: "asr", message: "no final") }
      #expect(abs((transcript.confidence ?? 0) - 0.8187) < 0.001)
    }
  }

  @Test("nothing said is a valid answer")
  func emptyText() async throws {
    try await with(reply: { _ in .init("") }) { recognizer, _ in
      let events = try await all(recognizer.recognize(.init(), audio: turn(milliseconds: 500)))
      #expect(events == [.final(Transcript(text: ""))])
    }
  }

  @Test("a turn without audio costs no request, and a very short one is made long enough")
  func shortAudio() async throws {
    try await with(reply: { _ in .init("Oh.") }) { recognizer, server in
      let nothing = try await all(recognizer.recognize(.init(), audio: turn(milliseconds: 0)))
      #expect(nothing == [.final(Transcript(text: ""))])
      #expect(server.counts.requests == 0)
      _ = try await all(recognizer.recognize(.init(), audio: turn(milliseconds: 20)))
      let file = try WAVFile(bytes: server.requests.first?.file ?? [])
      #expect(file.samples == [Int16](repeating: 100, count: 320) + [Int16](repeating: 0, count: 1280))
    }
  }

  @Test(
    "faults have their kinds",
    arguments: [
      (ScriptedFault.error("no such model", status: 404), WorkerError.Kind.refused),
      (.close(afterResults: 0), .connection),
      (.close(afterResults: 1), .connection),
      (.garbage(afterResults: 1), .malformed),
      (.stall(afterResults: 1), .firstResultTimeout),
    ])
  func faults(_ fault: ScriptedFault, _ kind: WorkerError.Kind) async throws {
    try await with(
      firstResult: limit(.firstResultTimeout, in: kind),
      reply: { _ in
        var reply = Server.Reply(pieces: ["One", " two"])
        reply.fault = fault
        return reply
      }
    ) { recognizer, server in
      let error = await failure(recognizer.recognize(.init(), audio: turn(milliseconds: 300)))
      #expect(error?.kind == kind)
      #expect(await eventually { server.counts.live == 0 })
    }
  }

  @Test("the deadline begins at the end of the turn")
  func slowSpeaker() async throws {
    try await with(firstResult: 4000, reply: { _ in .init("At last.") }) { recognizer, _ in
      let (audio, speaker) = AsyncStream.makeStream(of: [Int16].self)
      let events = Task { try await all(recognizer.recognize(.init(), audio: audio)) }
      for _ in 0..<5 {
        speaker.yield([Int16](repeating: 1, count: 320))
        try await Task.sleep(for: .milliseconds(900))
      }
      speaker.finish()
      #expect(try await events.value == [.partial("At last."), .final(Transcript(text: "At last."))])
    }
  }

  @Test("cancelling while the user speaks sends nothing, later it closes the request")
  func cancelling() async throws {
    try await with(reply: { _ in
      var reply = Server.Reply("late")
      reply.delay = .seconds(600)
      return reply
    }) { recognizer, server in
      let (audio, speaker) = AsyncStream.makeStream(of: [Int16].self)
      speaker.yield([1, 2, 3])
      let early = Task { try await all(recognizer.recognize(.init(), audio: audio)) }
      early.cancel()
      _ = try? await early.value
      #expect(server.counts.requests == 0)

      let task = Task { try await all(recognizer.recognize(.init(), audio: turn(milliseconds: 200))) }
      #expect(await eventually { server.counts.requests == 1 })
      task.cancel()
      #expect(await eventually { server.counts.cancelled == 1 && server.counts.live == 0 })
    }
  }

  @Test("events that are not understood are skipped, an error in the stream is an error")
  func eventsOfTheStream() throws {
    var reader = TranscriptionReader(worker: "w")
    #expect(try reader.read(event: #"{"type":"transcript.text.segment","text":"x","delta":"y"}"#) == nil)
    #expect(try reader.read(event: #"{"type":"transcript.text.delta","delta":"Hi"}"#) == .partial("Hi"))
    #expect(throws: WorkerError(.refused, worker: "w", message: "overloaded", status: 503)) {
      try reader.read(event: #"{"error":{"message":"overloaded","code":503}}"#)
    }
    #expect(throws: WorkerError.self) { try reader.read(event: "[]") }
    #expect(throws: WorkerError.self) { try reader.read(body: .init(#"{"segments":[]}"#.utf8)) }
    #expect(!reader.isDone)
  }

  @Test("a text without end is refused")
  func endlessText() {
    var reader = TranscriptionReader(worker: "w")
    let piece = String(repeating: "x", count: 100_000)
    #expect(throws: WorkerError(.malformed, worker: "w", message: "endless text")) {
      for _ in 0..<11 { _ = try reader.read(event: #"{"type":"transcript.text.delta","delta":"\#(piece)"}"#) }
    }
    #expect(throws: WorkerError(.malformed, worker: "w", message: "endless text")) {
      try reader.read(event: #"{"type":"transcript.text.done","text":"\#(piece)"}"#)
    }
    #expect(throws: WorkerError(.malformed, worker: "w", message: "endless text")) {
      try reader.read(body: .init(#"{"text":"\#(piece)"}"#.utf8))
    }
  }
}
