import Testing
import VivaConfiguration
import VivaTesting
import Workers

@Suite struct WyomingSynthesizerTests {
  private typealias Server = ScriptedSynthesizerServer

  private func synthesizer(
    _ server: Server, voice: String? = nil, firstResult: Int = 60_000, gap: Int = 60_000
  ) -> WyomingSynthesizer {
    var settings = provider(.wyoming, server.url, firstResult: firstResult, gap: gap)
    settings.voice = voice
    return WyomingSynthesizer(settings)
  }

  @Test(arguments: [(22_050, 1), (16_000, 1), (24_000, 2)])
  func speaksTheSentence(rate: Int, channels: Int) async throws {
    let server = try await Server(sampleRate: rate, channels: channels)
    let chunks = try await all(
      synthesizer(server, voice: "joe").synthesize(SpeechRequest(text: "How did you do it?")))
    let samples = chunks.flatMap(\.samples)
    #expect(samples.count == rate * 1080 / 1000)
    #expect(chunks.allSatisfy { $0.sampleRate == rate })
    #expect((samples.max() ?? 0) > 3000)
    #expect(server.sentences == [.init(text: "How did you do it?", voice: "joe")])
    #expect(await eventually { server.counts.live == 0 })
    #expect(server.counts.completed == 1 && server.counts.cancelled == 0)
    await server.shutdown()
  }

  @Test func aVoiceThatTheServerDoesNotKnowGivesWayToTheDefault() async throws {
    let server = try await Server(voices: ["joe", "amy"])
    let synthesizer = synthesizer(server, voice: "joe")
    for voice in ["amy", "alloy"] {
      _ = try await all(synthesizer.synthesize(SpeechRequest(text: "Hi.", voice: voice)))
    }
    #expect(server.sentences.map(\.voice) == ["amy", "joe"])
    // `info` was asked once.
    #expect(server.counts.connections == 3)
    await server.shutdown()
  }

  @Test func noAudioIsAFailure() async throws {
    let server = try await Server { _, _ in .init(.zero) }
    let error = await failure(synthesizer(server).synthesize(SpeechRequest(text: "Hi.")))
    #expect(error?.kind == .emptyReply)
    await server.shutdown()
  }

  @Test func audioThatIsNot16BitIsRefusedInWords() async throws {
    let server = try await Server(bytesPerSample: 4)
    let error = await failure(synthesizer(server).synthesize(SpeechRequest(text: "Hi.")))
    #expect(error?.kind == .malformed)
    #expect(error?.message.contains("4 bytes a sample") == true)
    await server.shutdown()
  }

  @Test(arguments: [
    (ScriptedFault.error("no voice"), WorkerError.Kind.refused),
    (.close(afterResults: 0), .connection),
    (.close(afterResults: 3), .connection),
    (.garbage(afterResults: 2), .malformed),
    (.stall(afterResults: 0), .firstResultTimeout),
    (.stall(afterResults: 2), .gapTimeout),
  ])
  func faultsHaveTheirKinds(_ fault: ScriptedFault, _ kind: WorkerError.Kind) async throws {
    let server = try await Server { _, sentence in
      var reply = Server.Reply(speaking: sentence.text)
      reply.fault = fault
      return reply
    }
    let error = await failure(
      synthesizer(server, firstResult: limit(.firstResultTimeout, in: kind), gap: limit(.gapTimeout, in: kind))
        .synthesize(SpeechRequest(text: "Hello there.")))
    #expect(error?.kind == kind)
    #expect(await eventually { server.counts.live == 0 })
    await server.shutdown()
  }

  @Test func aReaderThatLeavesClosesTheConnection() async throws {
    let server = try await Server { _, _ in
      var reply = Server.Reply(.seconds(60))
      reply.chunkInterval = .milliseconds(20)
      return reply
    }
    do {
      for try await _ in synthesizer(server).synthesize(SpeechRequest(text: "A long story.")) { break }
    }
    #expect(await eventually { server.counts.cancelled == 1 && server.counts.live == 0 })
    await server.shutdown()
  }
}
