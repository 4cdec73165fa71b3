import Synchronization
import Testing
import VivaTesting
import Workers

@Suite struct OrderedProvidersTests {
  @Test func theNextSynthesizerSpeaksWithItsOwnVoiceWhenTheFirstIsSilent() async throws {
    let silent = try await ScriptedSynthesizerServer { _, _ in .init(.zero) }
    let well = try await ScriptedSynthesizerServer()
    let observer = RecordingObserver()
    let synthesizer = OrderedSynthesizer(
      [
        WyomingSynthesizer(provider(.wyoming, silent.url, name: "silent")),
        WyomingSynthesizer(provider(.wyoming, well.url, name: "well")),
      ], observer: observer)
    let chunks = try await all(synthesizer.synthesize(SpeechRequest(text: "Hello.", voice: "joe")))
    #expect(!chunks.isEmpty)
    #expect(silent.sentences == [.init(text: "Hello.", voice: "joe")])
    #expect(well.sentences == [.init(text: "Hello.")])
    #expect(
      observer.requests == [
        .init(kind: .tts, provider: "silent", outcome: "empty_reply", hasFirstResult: false),
        .init(kind: .tts, provider: "well", outcome: "ok", hasFirstResult: true),
      ])
    await silent.shutdown()
    await well.shutdown()
  }

  @Test func afterTheFirstResultThereIsNoOtherProvider() async throws {
    let dying = try await ScriptedSynthesizerServer { _, sentence in
      var reply = ScriptedSynthesizerServer.Reply(speaking: sentence.text)
      reply.fault = .close(afterResults: 2)
      return reply
    }
    let well = try await ScriptedSynthesizerServer()
    let observer = RecordingObserver()
    let synthesizer = OrderedSynthesizer(
      [
        WyomingSynthesizer(provider(.wyoming, dying.url, name: "dying")),
        WyomingSynthesizer(provider(.wyoming, well.url, name: "well")),
      ], observer: observer)
    let error = await failure(synthesizer.synthesize(SpeechRequest(text: "Hello.")))
    #expect(error?.kind == .connection)
    #expect(well.counts.requests == 0)
    #expect(
      observer.requests == [.init(kind: .tts, provider: "dying", outcome: "connection", hasFirstResult: true)])
    await dying.shutdown()
    await well.shutdown()
  }

  @Test func aProviderThatBrokeOffIsAskedLast() async throws {
    let first = try await ScriptedSynthesizerServer()
    let second = try await ScriptedSynthesizerServer()
    let synthesizer = OrderedSynthesizer(
      [
        WyomingSynthesizer(provider(.wyoming, first.url, name: "first")),
        WyomingSynthesizer(provider(.wyoming, second.url, name: "second")),
      ], observer: RecordingObserver())
    var request = SpeechRequest(text: "the rest.")
    request.avoids = ["first"]
    #expect(try await !all(synthesizer.synthesize(request)).isEmpty)
    #expect(first.sentences.isEmpty && second.sentences.count == 1)
    // Better the same again than nobody.
    await second.shutdown()
    #expect(try await !all(synthesizer.synthesize(request)).isEmpty)
    #expect(first.sentences.count == 1)
    await first.shutdown()
  }

  @Test func theSecondRecognizerHearsTheTurnFromItsBeginning() async throws {
    let dying = try await ScriptedRecognizerServer { _ in
      var reply = ScriptedRecognizerServer.Reply("never")
      reply.partials = ["nev"]
      reply.partialInterval = .milliseconds(200)
      reply.fault = .close(afterResults: 1)
      return reply
    }
    let well = try await ScriptedRecognizerServer { _ in
      var reply = ScriptedRecognizerServer.Reply("")
      reply.transcript = { "\($0 / .milliseconds(1)) ms" }
      return reply
    }
    let observer = RecordingObserver()
    let recognizer = OrderedRecognizer(
      [
        WyomingRecognizer(provider(.wyoming, dying.url, name: "dying")),
        WyomingRecognizer(provider(.wyoming, well.url, name: "well")),
      ], observer: observer)
    let (audio, speaker) = AsyncStream.makeStream(of: [Int16].self)
    let events = Task { try await all(recognizer.recognize(.init(), audio: audio)) }
    for _ in 0..<20 { speaker.yield([Int16](repeating: 1, count: 320)) }
    // The first one has failed while the user still speaks.
    #expect(await eventually { well.counts.requests == 1 })
    for _ in 0..<20 { speaker.yield([Int16](repeating: 1, count: 320)) }
    speaker.finish()
    #expect(try await events.value.last == .final(Transcript(text: "800.0 ms")))
    #expect(observer.requests.map(\.outcome) == ["connection", "ok"])
    await dying.shutdown()
    await well.shutdown()
  }

  @Test func aSingleRecognizerHearsAllToo() async throws {
    let server = try await ScriptedRecognizerServer(["yes"])
    let recognizer = OrderedRecognizer(
      [WyomingRecognizer(provider(.wyoming, server.url))], observer: RecordingObserver())
    for _ in 0..<10 {
      _ = try await all(recognizer.recognize(.init(), audio: turn(milliseconds: 500)))
    }
    #expect(server.turns.map(\.audioBytes) == [Int](repeating: 16_000, count: 10))
    await server.shutdown()
  }

  @Test func aRequestThatIsAtFaultItselfIsNotTriedAgain() async throws {
    let fussy = ScriptedModel("fussy", [], WorkerError(.refused, worker: "fussy", message: "bad", status: 400))
    let well = ScriptedModel("well", [.text("x"), .finished(.stop)])
    let model = OrderedLanguageModel([fussy, well], observer: RecordingObserver())
    #expect(await failure(model.complete(.init(messages: [])))?.status == 400)
    #expect(well.calls == 0)
  }

  @Test func theOrderIsKeptAndTheLastErrorIsTold() async throws {
    let models = ["a", "b", "c"].map {
      ScriptedModel(
        $0, [.usage(.init(inputTokens: 1, outputTokens: 0))], WorkerError(.connection, worker: $0, message: "x"))
    }
    let observer = RecordingObserver()
    let model = OrderedLanguageModel(models, observer: observer)
    #expect(await failure(model.complete(.init(messages: [])))?.worker == "c")
    #expect(observer.requests.map(\.provider) == ["a", "b", "c"])
    #expect(observer.requests.allSatisfy { $0.outcome == "connection" && !$0.hasFirstResult })
  }

  @Test func leavingAtTheLastEventIsNoCancel() async throws {
    let observer = RecordingObserver()
    let model = OrderedLanguageModel(
      [ScriptedModel("a", [.text("x"), .finished(.stop)])], observer: observer)
    for try await event in model.complete(.init(messages: [])) {
      if case .finished = event { break }
    }
    #expect(observer.requests.map(\.outcome) == ["ok"])
  }

  @Test func leavingBeforeIsOne() async throws {
    let server = try await ScriptedSynthesizerServer { _, _ in
      var reply = ScriptedSynthesizerServer.Reply(.seconds(60))
      reply.chunkInterval = .milliseconds(20)
      return reply
    }
    let observer = RecordingObserver()
    let synthesizer = OrderedSynthesizer(
      [WyomingSynthesizer(provider(.wyoming, server.url))], observer: observer)
    for try await _ in synthesizer.synthesize(SpeechRequest(text: "Hi")) { break }
    #expect(await eventually { observer.requests.map(\.outcome) == ["cancelled"] })
    #expect(await eventually { server.counts.cancelled == 1 })
    await server.shutdown()
  }

  @Test("a provider that is not ready is not tried while another one answers")
  func unavailableFirst() async throws {
    let models = ["a", "b"].map { ScriptedModel($0, [.text($0), .finished(.stop)]) }
    let ready = Mutex<Set<String>>(["b"])
    let model = OrderedLanguageModel(models, observer: RecordingObserver()) { name in
      ready.withLock { $0.contains(name) }
    }
    #expect(try await all(model.complete(.init(messages: []))) == [.text("b"), .finished(.stop)])
    #expect(models.map(\.calls) == [0, 1])
    // It is asked at each call.
    ready.withLock { $0 = ["a", "b"] }
    #expect(try await all(model.complete(.init(messages: []))) == [.text("a"), .finished(.stop)])
  }

  @Test("a provider that is not ready is tried when there is no other, or the others failed")
  func unavailableLast() async throws {
    let model = ScriptedModel("a", [.text("x"), .finished(.stop)])
    let failing = ScriptedModel("b", [], WorkerError(.connection, worker: "b", message: "x"))
    for providers in [[model], [model, failing]] {
      let ordered = OrderedLanguageModel(providers, observer: RecordingObserver()) { $0 == "b" }
      #expect(try await all(ordered.complete(.init(messages: []))) == [.text("x"), .finished(.stop)])
    }
    #expect(failing.calls == 1)
  }

  @Test("the second synthesiser has a voice of its own also when the first is not asked")
  func voiceOfTheSecond() async throws {
    let server = try await ScriptedSynthesizerServer()
    let providers = ["first", "second"].map { WyomingSynthesizer(provider(.wyoming, server.url, name: $0)) }
    let synthesizer = OrderedSynthesizer(providers, observer: RecordingObserver()) { $0 == "second" }
    _ = try await all(synthesizer.synthesize(SpeechRequest(text: "Hello.", voice: "joe")))
    #expect(server.sentences == [.init(text: "Hello.")])
    await server.shutdown()
  }

  @Test func noProviderIsAnError() async throws {
    let model = OrderedLanguageModel([], observer: RecordingObserver())
    #expect(await failure(model.complete(.init(messages: [])))?.kind == .connection)
  }
}

/// Answers the same each time.
final class ScriptedModel: LanguageModel {
  let name: String
  private let events: [CompletionEvent]
  private let error: WorkerError?
  private let count = Mutex(0)

  var calls: Int { count.withLock { $0 } }

  init(_ name: String, _ events: [CompletionEvent], _ error: WorkerError? = nil) {
    self.name = name
    self.events = events
    self.error = error
  }

  func complete(_ request: CompletionRequest) -> AsyncThrowingStream<CompletionEvent, any Error> {
    count.withLock { $0 += 1 }
    return AsyncThrowingStream { results in
      for event in events { results.yield(event) }
      results.finish(throwing: error)
    }
  }
}
