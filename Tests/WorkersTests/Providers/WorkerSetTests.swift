import Foundation
import NIOCore
import NIOPosix
import Testing
import VivaConfiguration
import VivaTesting
@testable import Workers

@Suite struct WorkerSetTests {
  @Test func aTurnGoesThroughAllThree() async throws {
    let asr = try await ScriptedRecognizerServer(["what time is it"])
    let llm = try await ScriptedLanguageModelServer { .init("You said: \($0.lastUserText ?? "")") }
    let tts = try await ScriptedSynthesizerServer()
    var settings = WorkerSettings()
    settings.asr = [provider(.wyoming, asr.url, name: "asr")]
    settings.llm = [provider(.openai, llm.url, name: "llm")]
    settings.tts = [provider(.wyoming, tts.url, name: "tts"), provider(.espeak, nil, name: "espeak")]
    let observer = RecordingObserver()
    let set = WorkerSet(settings: settings, observer: observer)

    for (kind, name) in [(WorkerKind.asr, "asr"), (.llm, "llm"), (.tts, "tts")] {
      try await set.probe(kind, name).get()
      try await set.warmUp(kind, name).get()
    }
    #expect(observer.requests.isEmpty)
    #expect(tts.sentences.count == 1)

    guard
      case .final(let heard)? = try await all(
        set.recognizer().recognize(.init(), audio: turn(milliseconds: 300))
      ).last
    else { throw WorkerError(.malformed, worker: "asr", message: "no final") }
    let reply = try await all(
      set.languageModel(order: ["llm"]).complete(.init(messages: [.user(heard.text)]))
    ).reduce(into: "") { text, event in
      if case .text(let piece) = event { text += piece }
    }
    #expect(reply == "You said: what time is it")
    let speech = try await all(set.synthesizer(order: ["nobody", "tts"]).synthesize(.init(text: reply)))
    #expect(speech.reduce(0) { $0 + $1.samples.count } == 22_050 * 60 * reply.count / 1000)
    #expect(observer.requests.map(\.outcome) == ["ok", "ok", "ok"])
    #expect(observer.requests.map(\.kind) == [.asr, .llm, .tts])

    await set.shutdown()
    await asr.shutdown()
    await llm.shutdown()
    await tts.shutdown()
  }

  @Test("a turn may go through OpenAI's endpoints alone")
  func openAIOnly() async throws {
    let asr = try await ScriptedTranscriptionServer(["what time is it"])
    let tts = try await ScriptedSpeechServer()
    var settings = WorkerSettings()
    settings.asr = [provider(.openai, asr.url, name: "asr")]
    settings.tts = [provider(.openai, tts.url, name: "tts")]
    let observer = RecordingObserver()
    let set = WorkerSet(settings: settings, observer: observer)
    for (kind, name) in [(WorkerKind.asr, "asr"), (.tts, "tts")] {
      try await set.probe(kind, name).get()
      try await set.warmUp(kind, name).get()
    }
    let heard = try await all(set.recognizer().recognize(.init(), audio: turn(milliseconds: 300)))
    #expect(heard.last == .final(Transcript(text: "what time is it")))
    let speech = try await all(set.synthesizer().synthesize(.init(text: "Noon.")))
    #expect(!speech.isEmpty)
    #expect(observer.requests.map(\.outcome) == ["ok", "ok"])
    #expect(asr.counts.requests == 2 && tts.counts.requests == 2)
    await set.shutdown()
    await asr.shutdown()
    await tts.shutdown()
  }

  @Test("a language model may take its time over the openings, and have no word for them")
  func patientWarmUp() async throws {
    let llm = try await ScriptedLanguageModelServer { request in
      guard request.number > 0 else { return .init("Hi.") }
      var reply = ScriptedLanguageModelServer.Reply(pieces: request.number == 1 ? ["Late."] : [])
      reply.delay = .milliseconds(300)
      return reply
    }
    var settings = WorkerSettings()
    settings.llm = [provider(.openai, llm.url, name: "llm")]
    settings.llm[0].deadlines.firstResult = 100
    let set = WorkerSet(settings: settings, observer: RecordingObserver())
    let opening = CompletionRequest(messages: [.user("Hello.")], sampling: Sampling(maxTokens: 1))
    try await set.warmUp(.llm, "llm", openings: [opening, opening]).get()
    #expect(llm.requests.count == 3)
    await set.shutdown()
    await llm.shutdown()
  }

  @Test("the status tells of all providers, and no secret")
  func status() async throws {
    let llm = try await ScriptedLanguageModelServer { _ in .init("") }
    let asr = try await ScriptedRecognizerServer([""])
    await asr.listener.refuseConnections()
    var settings = WorkerSettings()
    settings.asr = [provider(.wyoming, asr.url, name: "dead")]
    var model = provider(.openai, llm.url.replacing("http://", with: "http://user:secret@"), name: "llm")
    model.apiKey = "secret"
    settings.llm = [model]
    let set = WorkerSet(settings: settings, observer: RecordingObserver())
    let status = await set.status()
    #expect(status.map(\.name) == ["dead", "llm"])
    #expect(status.map(\.kind) == [.asr, .llm])
    #expect(status.map(\.wireProtocol) == [.wyoming, .openai])
    #expect(status.map(\.isAlive) == [false, true])
    #expect(status.first?.error?.contains("connection") == true)
    #expect(status.map(\.url) == [asr.url, llm.url])
    #expect(status.allSatisfy { $0.latencyMilliseconds >= 0 })
    #expect(!"\(status)".contains("secret"))
    await set.shutdown()
    await llm.shutdown()
    await asr.shutdown()
  }

  @Test("a supervised worker is ready when its supervisor says so, any other always")
  func readiness() {
    var local = provider(.wyoming, "tcp://127.0.0.1:1", name: "local")
    local.process = ProcessSettings(command: ["x"])
    var settings = WorkerSettings()
    settings.tts = [local, provider(.espeak, nil, name: "espeak")]
    let readiness = WorkerReadiness(settings)
    #expect(!readiness.isReady("local") && readiness.isReady("espeak"))
    for (phase, isReady) in [(WorkerPhase.starting, false), (.warming, false), (.ready, true), (.backoff, false)] {
      readiness.changed(WorkerStateChange(name: "local", from: .waiting, to: phase))
      #expect(readiness.isReady("local") == isReady)
    }
  }

  @Test func theProbeTellsTheDeadFromTheLiving() async throws {
    let asr = try await ScriptedRecognizerServer([""])
    let llm = try await ScriptedLanguageModelServer { _ in .init("") }
    var settings = WorkerSettings()
    settings.asr = [provider(.wyoming, asr.url, name: "asr")]
    settings.llm = [provider(.openai, llm.url, name: "llm")]
    let set = WorkerSet(settings: settings, observer: RecordingObserver())
    await asr.listener.refuseConnections()
    await llm.listener.refuseConnections()
    for (kind, name) in [(WorkerKind.asr, "asr"), (.llm, "llm"), (.tts, "none")] {
      guard case .failure(let error) = await set.probe(kind, name) else {
        Issue.record("\(name) is not alive")
        continue
      }
      #expect(error.kind == .connection)
    }
    try await asr.listener.acceptConnections()
    try await llm.listener.acceptConnections()
    try await set.probe(.asr, "asr").get()
    try await set.probe(.llm, "llm").get()
    await set.shutdown()
    await asr.shutdown()
    await llm.shutdown()
  }

  @Test func aWyomingServerMayListenAtAUnixSocket() async throws {
    let path = "/tmp/viva-\(UInt32.random(in: 0...UInt32.max)).sock"
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(InfoHandler()) }
      }
      .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
    var settings = WorkerSettings()
    settings.asr = [provider(.wyoming, "unix://\(path)", name: "asr")]
    let set = WorkerSet(settings: settings, observer: RecordingObserver())
    try await set.probe(.asr, "asr").get()
    await set.shutdown()
    try await server.close()
    unlink(path)
  }

  @Test func aHundredTurnsAtOnce() async throws {
    let tts = try await ScriptedSynthesizerServer()
    var settings = WorkerSettings()
    settings.tts = [provider(.wyoming, tts.url, name: "tts")]
    let set = WorkerSet(settings: settings, observer: RecordingObserver())
    let synthesizer = set.synthesizer()
    try await withThrowingTaskGroup(of: Int.self) { group in
      for index in 0..<100 {
        group.addTask {
          try await all(synthesizer.synthesize(.init(text: "Sentence \(index).")))
            .reduce(0) { $0 + $1.samples.count }
        }
      }
      for try await samples in group { #expect(samples > 10_000) }
    }
    #expect(tts.counts.requests == 100)
    #expect(await eventually { tts.counts.live == 0 })
    await set.shutdown()
    await tts.shutdown()
  }
}

/// Tells what it is to whoever says anything.
private final class InfoHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var info = ByteBuffer()
    WyomingEvent("info", ["asr": []]).write(into: &info)
    context.writeAndFlush(wrapOutboundOut(info), promise: nil)
  }
}
