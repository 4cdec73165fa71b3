import Synchronization
import Testing
import VivaConfiguration
import VivaTesting

@testable import Workers

/// A provider of each kind that is well, and a board of faults.
private struct FaultBench {
  let asr: ScriptedRecognizerServer
  let llm: ScriptedLanguageModelServer
  let tts: ScriptedSynthesizerServer
  let faults = FaultBoard()
  let workers: WorkerSet

  /// - Parameter deadline: The one that a call is to end by; the others are out of the way.
  init(deadline: WorkerError.Kind? = nil) async throws {
    let firstResult = deadline == .firstResultTimeout ? 500 : 60_000
    let gap = deadline == .gapTimeout ? 500 : 60_000
    asr = try await ScriptedRecognizerServer(["Yes."])
    llm = try await ScriptedLanguageModelServer { _ in .init("One. Two.") }
    tts = try await ScriptedSynthesizerServer()
    var settings = WorkerSettings()
    settings.asr = [provider(.wyoming, asr.url, name: "asr", firstResult: firstResult, gap: gap)]
    settings.llm = [provider(.openai, llm.url, name: "llm", firstResult: firstResult, gap: gap)]
    settings.tts = [provider(.wyoming, tts.url, name: "tts", firstResult: firstResult, gap: gap)]
    workers = WorkerSet(settings: settings, observer: RecordingObserver(), faults: faults)
  }

  /// How a call ends; nil when it is answered.
  func call(_ kind: WorkerKind) async -> WorkerError? {
    do {
      switch kind {
      case .asr: _ = try await all(workers.recognizer().recognize(.init(), audio: turn(milliseconds: 100)))
      case .llm: _ = try await all(workers.languageModel().complete(.init(messages: [.user("Hi")])))
      default: _ = try await all(workers.synthesizer().synthesize(SpeechRequest(text: "Hello.")))
      }
      return nil
    } catch {
      return error as? WorkerError
    }
  }

  func end() async {
    await workers.shutdown()
    await asr.shutdown()
    await llm.shutdown()
    await tts.shutdown()
  }
}

@Suite(.timeLimit(.minutes(2))) struct FaultTests {
  private static let kinds: [WorkerKind] = [.asr, .llm, .tts]

  @Test(arguments: kinds)
  func `each fault is what an adapter would make of such a worker, until it is taken off`(kind: WorkerKind) async throws
  {
    let expected: [Fault: WorkerError.Kind] = [
      .error500: .refused, .retryAfter429: .refused, .hang: kind == .asr ? .firstResultTimeout : .gapTimeout,
      .slowFirstByte: .firstResultTimeout, .zeroAudio: .emptyReply, .garbage: .malformed, .empty: .emptyReply,
    ]
    for fault in Fault.faults(of: kind) where !(kind == .asr && fault == .empty) {
      let bench = try await FaultBench(deadline: expected[fault])
      bench.faults.set(fault, on: kind.rawValue)
      let error = await bench.call(kind)
      #expect(error?.kind == expected[fault], "\(fault)")
      #expect(error?.worker == kind.rawValue)
      #expect(error?.retryAfter == (fault == .retryAfter429 ? Fault.retryAfter : nil))
      await bench.end()
    }
    let bench = try await FaultBench()
    bench.faults.set(.error500, on: kind.rawValue)
    bench.faults.set(nil, on: kind.rawValue)
    #expect(await bench.call(kind) == nil)
    await bench.end()
  }

  @Test func `an empty recogniser hears nothing in what was said`() async throws {
    let bench = try await FaultBench()
    bench.faults.set(.empty, on: "asr")
    let heard = try await all(bench.workers.recognizer().recognize(.init(), audio: turn(milliseconds: 100)))
    #expect(heard == [.final(Transcript(text: ""))])
    #expect(bench.asr.counts.requests == 0)
    await bench.end()
  }

  @Test func `a slow provider hears the whole turn, and answers where it is given the time`() async throws {
    let bench = try await FaultBench()
    let settings = provider(.wyoming, bench.asr.url, name: "asr")
    let faults = FaultBoard(slowness: .milliseconds(50))
    faults.set(.slowFirstByte, on: "asr")
    let recognizer = FaultyRecognizer(base: WyomingRecognizer(settings), limits: settings.deadlines, board: faults)
    let heard = try await all(recognizer.recognize(.init(), audio: turn(milliseconds: 400)))
    #expect(heard.last == .final(Transcript(text: "Yes.")))
    #expect(bench.asr.turns.map(\.audioBytes) == [12_800])
    await bench.end()
  }

  @Test func `one that hangs has begun, and its call is given up`() async throws {
    let bench = try await FaultBench(deadline: .gapTimeout)
    bench.faults.set(.hang, on: "tts")
    var pieces = 0
    do {
      for try await _ in bench.workers.synthesizer().synthesize(SpeechRequest(text: "Hello.")) { pieces += 1 }
      Issue.record("it did not hang")
    } catch {}
    #expect(pieces == 1)
    await bench.end()
  }

  @Test func `a backup answers for one that fails on purpose`() async throws {
    let bench = try await FaultBench()
    var settings = WorkerSettings()
    settings.tts = [
      provider(.wyoming, bench.tts.url, name: "first"), provider(.wyoming, bench.tts.url, name: "second"),
    ]
    let observer = RecordingObserver()
    let outcomes = LastOutcomes(WithoutTools(observer))
    let workers = WorkerSet(settings: settings, observer: outcomes, faults: bench.faults)
    bench.faults.set(.error500, on: "first")
    #expect(try await !all(workers.synthesizer().synthesize(SpeechRequest(text: "Hello."))).isEmpty)
    #expect(outcomes["first"] == "refused" && outcomes["second"] == "ok" && outcomes["third"] == nil)
    #expect(observer.requests.map(\.provider) == ["first", "second"])
    await workers.shutdown()
    await bench.end()
  }

  @Test(arguments: kinds)
  func `probes find what answers nobody, and not what only fails at its work`(kind: WorkerKind) async throws {
    let bench = try await FaultBench()
    for fault in [Fault.error500, .retryAfter429, .slowFirstByte, .garbage] {
      bench.faults.set(fault, on: kind.rawValue)
      #expect(await !bench.workers.answers(kind, kind.rawValue, within: .seconds(30)))
    }
    for fault in [nil, Fault.hang, .empty, .zeroAudio] {
      bench.faults.set(fault, on: kind.rawValue)
      #expect(await bench.workers.answers(kind, kind.rawValue, within: .seconds(30)))
    }
    await bench.end()
  }
}

/// Tools are nobody's business here.
private struct WithoutTools: WorkerObserver, ToolObserver {
  let next: any WorkerObserver

  init(_ next: any WorkerObserver) { self.next = next }

  func requestFinished(kind: WorkerKind, provider: String, outcome: String, firstResult: Duration?, total: Duration) {
    next.requestFinished(kind: kind, provider: provider, outcome: outcome, firstResult: firstResult, total: total)
  }

  func toolCallFinished(tool: String, outcome: String, attempts: Int, total: Duration) {}
}
