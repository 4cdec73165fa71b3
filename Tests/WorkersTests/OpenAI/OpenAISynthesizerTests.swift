import AsyncHTTPClient
import Audio
import Testing
import VivaConfiguration
import VivaTesting

@testable import Workers

@Suite struct OpenAISynthesizerTests {
  private typealias Server = ScriptedSpeechServer

  /// Runs `body` with a synthesiser at a scripted server.
  private func with(
    firstResult: Int = 60_000, gap: Int = 60_000, voices: [String] = [],
    settings change: (inout ProviderSettings) -> Void = { _ in },
    reply: @Sendable @escaping (Int, Server.Request) -> Server.Reply = { .init(speaking: $1.input) },
    _ body: (OpenAISynthesizer, Server) async throws -> Void
  ) async throws {
    let server = try await Server(voices: voices, reply: reply)
    let client = HTTPClient.forWorkers(connectMilliseconds: 60_000)
    var settings = provider(.openai, server.url, firstResult: firstResult, gap: gap)
    change(&settings)
    do {
      try await body(OpenAISynthesizer(settings, client: client), server)
    } catch {
      Issue.record(error)
    }
    try await client.shutdown()
    await server.shutdown()
  }

  private func request(_ text: String = "How are you?", voice: String? = nil, opus: Bool = false) -> SpeechRequest {
    var request = SpeechRequest(text: text, voice: voice)
    request.acceptsOpus = opus
    return request
  }

  @Test("bare samples and WAV come out as they are", arguments: [ProviderSettings.AudioResponse.pcm, .wav])
  func samples(format: ProviderSettings.AudioResponse) async throws {
    try await with(
      settings: {
        $0.responseFormat = format
        $0.model = "tts-1"
      },
      reply: { _, request in
        var reply = Server.Reply(speaking: request.input)
        // Odd, so that samples are cut.
        reply.chunkBytes = 1001
        return reply
      }
    ) { synthesizer, server in
      let chunks = try await all(synthesizer.synthesize(request(voice: "joe", opus: true)))
      #expect(chunks.allSatisfy { $0.sampleRate == 24_000 })
      let samples = chunks.flatMap(\.samples)
      #expect(samples.count == 24_000 * 720 / 1000)
      // A byte that went astray would make noise of it: neighbours that jump.
      #expect((samples.max() ?? 0) > 3000)
      #expect(zip(samples, samples.dropFirst()).allSatisfy { abs(Int($0) - Int($1)) < 8000 })
      #expect(
        server.requests == [
          .init(input: "How are you?", model: "tts-1", voice: "joe", format: format == .pcm ? .pcm : .wav)
        ])
      #expect(await eventually { server.counts.live == 0 })
      #expect(server.counts.completed == 1 && server.counts.cancelled == 0)
    }
  }

  @Test(
    "the rate of bare samples is the provider's, unless the reply tells another",
    arguments: [(nil, 22_050), ("audio/L16; rate=16000", 16_000), ("AUDIO/PCM;channels=1;rate=\"8000\"", 8000)])
  func sampleRate(contentType: String?, rate: Int) async throws {
    try await with(
      settings: { $0.sampleRate = 22_050 },
      reply: { _, _ in
        var reply = Server.Reply(.milliseconds(500))
        reply.contentType = contentType
        return reply
      }
    ) { synthesizer, _ in
      let chunks = try await all(synthesizer.synthesize(request()))
      #expect(!chunks.isEmpty && chunks.allSatisfy { $0.sampleRate == rate })
    }
  }

  @Test("Opus packets are passed on to a listener who takes them")
  func passThrough() async throws {
    try await with(settings: { $0.responseFormat = .opus }) { synthesizer, server in
      let packets = try await all(synthesizer.synthesize(request(opus: true))).map { chunk -> [UInt8] in
        guard case .opus(let packet) = chunk else { return [] }
        return packet
      }
      #expect(packets.count == 36)
      #expect(packets.allSatisfy { OpusPacket.duration($0, at: 24_000) == 480 })
      let decoder = try OpusDecoder(sampleRate: 24_000)
      let samples = try packets.flatMap { try decoder.decode($0) }
      #expect((samples.max() ?? 0) > 3000)
      #expect(server.requests.map(\.format) == [.opus])
    }
  }

  @Test("a listener who does not take Opus gets samples, whatever the server answers")
  func noOpus() async throws {
    try await with(
      settings: { $0.responseFormat = .opus },
      reply: { number, request in
        var reply = Server.Reply(speaking: request.input)
        if number > 0 { reply.format = .opus }
        return reply
      }
    ) { synthesizer, server in
      let plain = try await all(synthesizer.synthesize(request()))
      #expect(plain.reduce(0) { $0 + $1.samples.count } == 24_000 * 720 / 1000)
      let decoded = try await all(synthesizer.synthesize(request()))
      #expect(decoded.allSatisfy { $0.sampleRate == 48_000 })
      // All but the pre-skip.
      #expect(decoded.reduce(0) { $0 + $1.samples.count } == 48_000 * 720 / 1000 - 312)
      #expect(server.requests.map(\.format) == [.pcm, .pcm])
    }
  }

  @Test("a voice that the server does not know gives way to the default one")
  func unknownVoice() async throws {
    try await with(voices: ["joe"], settings: { $0.voice = "joe" }) { synthesizer, server in
      let speech = try await all(synthesizer.synthesize(request(voice: "amy")))
      #expect(!speech.isEmpty)
      #expect(server.requests.map(\.voice) == ["amy", "joe"])
    }
    try await with(voices: ["joe"]) { synthesizer, server in
      #expect(await failure(synthesizer.synthesize(request()))?.status == 400)
      #expect(server.requests.map(\.voice) == ["alloy"])
    }
  }

  @Test("no audio is a failure", arguments: [ProviderSettings.AudioResponse.pcm, .wav, .opus])
  func emptyReply(format: ProviderSettings.AudioResponse) async throws {
    try await with(settings: { $0.responseFormat = format }, reply: { _, _ in .init(.zero) }) { synthesizer, _ in
      #expect(await failure(synthesizer.synthesize(request(opus: true)))?.kind == .emptyReply)
    }
  }

  @Test(
    "what cannot be played is malformed", arguments: ["audio/mpeg", "application/json", "text/html; charset=utf-8"])
  func unplayable(contentType: String) async throws {
    try await with(reply: { _, _ in
      var reply = Server.Reply(.milliseconds(500))
      reply.contentType = contentType
      return reply
    }) { synthesizer, _ in
      let error = await failure(synthesizer.synthesize(request()))
      #expect(error?.kind == .malformed)
      #expect(error?.message.contains("instead of pcm") == true)
    }
  }

  @Test(
    "faults have their kinds",
    arguments: [
      (ScriptedFault.error("no voice", status: 500), WorkerError.Kind.refused),
      (.close(afterResults: 0), .connection),
      (.close(afterResults: 2), .connection),
      (.garbage(afterResults: 0), .malformed),
      (.stall(afterResults: 0), .firstResultTimeout),
      (.stall(afterResults: 2), .gapTimeout),
    ], [ProviderSettings.AudioResponse.wav, .opus])
  func faults(_ fault: (ScriptedFault, WorkerError.Kind), format: ProviderSettings.AudioResponse) async throws {
    let (fault, kind) = fault
    try await with(
      firstResult: limit(.firstResultTimeout, in: kind), gap: limit(.gapTimeout, in: kind),
      settings: { $0.responseFormat = format },
      reply: { _, _ in
        var reply = Server.Reply(.seconds(4))
        reply.chunkBytes = 2000
        reply.fault = fault
        return reply
      }
    ) { synthesizer, server in
      #expect(await failure(synthesizer.synthesize(request(opus: true)))?.kind == kind)
      #expect(await eventually { server.counts.live == 0 })
    }
  }

  @Test("a reader who leaves closes the connection")
  func leaving() async throws {
    try await with(reply: { _, _ in
      var reply = Server.Reply(.seconds(60))
      reply.chunkInterval = .milliseconds(20)
      return reply
    }) { synthesizer, server in
      for try await _ in synthesizer.synthesize(request()) { break }
      #expect(await eventually { server.counts.cancelled == 1 && server.counts.live == 0 })
    }
  }
}
