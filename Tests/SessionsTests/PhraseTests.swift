import Audio
import Checkpoints
import Foundation
import Realtime
import Runtime
import Synchronization
import Telemetry
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

/// Sessions alive on a shard, one after another, whose agent says the same.
@Suite("A phrase that many sessions say", .timeLimit(.minutes(2)))
struct PhraseTests {
  @Test("is synthesised once, and played from its packets from then on, at the same length")
  func once() async throws {
    let shard = Shard(index: 0)
    shard.start()
    defer { shard.stop() }
    let voice = CountingVoice()
    let phrases = PhraseStore()
    let first = try await greet(shard, voice, phrases)
    #expect(first == Played(samples: 24_000, phrases: 0))
    // It is encoded on a thread of its own.
    let key = PhraseKey(text: "Welcome.", voice: "assistant/", speed: 1, format: PlayoutFormat(.opus))
    for _ in 0..<1000 where phrases.phrase(for: key) == nil { try await Task.sleep(for: .milliseconds(10)) }
    let second = try await greet(shard, voice, phrases)
    #expect(second == Played(samples: 24_000, phrases: 1))
    #expect(voice.requests.withLock { $0 } == 1)
  }

  private struct Played: Equatable {
    var samples = 0
    var phrases = 0
  }

  /// A session that greets its caller, and what its playout was handed.
  private func greet(_ shard: Shard, _ voice: CountingVoice, _ phrases: PhraseStore) async throws -> Played {
    var agent = Agent.forTests
    agent.greeting = "Welcome."
    let limits = LimitSettings()
    let core = SessionCore(
      session: .starting(id: "sess_\(UUID().uuidString)", agent: agent, limits: limits), agent: agent, limits: limits,
      audio: AudioSettings(), leg: .media)
    let workers = WorkerSet(settings: WorkerSettings(), observer: WorkerMetrics(MetricsRegistry()))
    let session = Session(
      core: core, owner: "owner", shard: shard, channel: nil,
      workers: SessionWorkers(
        recognizer: workers.recognizer(order: []), languageModel: workers.languageModel(order: []), synthesizer: voice),
      store: VolatileCheckpointStore(), observer: Nobody(), phrases: phrases)
    session.open()
    let playout = InstantPlayout(session, shard)
    shard.post {
      session.attach(playout)
      session.mediaConnected(takesPackets: true)
    }
    for _ in 0..<1000 where !playout.isOver { try await Task.sleep(for: .milliseconds(10)) }
    session.disconnected()
    _ = await session.state
    return playout.handed
  }

  /// Plays whatever it is handed at once.
  private final class InstantPlayout: MediaChannel {
    private let state = Mutex((handed: Played(), isOver: false))
    private let session: Session
    private let shard: Shard
    let phraseFormat: PlayoutFormat? = PlayoutFormat(.opus)

    init(_ session: Session, _ shard: Shard) {
      self.session = session
      self.shard = shard
    }

    var handed: Played { state.withLock { $0.handed } }
    var isOver: Bool { state.withLock { $0.isOver } }

    private func took(_ samples: Int) {
      state.withLock { $0.handed.samples += samples }
      shard.post { [session] in session.played(samples: samples) }
    }

    func play(_ samples: [Int16]) { took(samples.count) }
    func play(packet: [UInt8], lasting samples: Int) { took(samples) }
    func play(_ phrase: EncodedPhrase) {
      state.withLock { $0.handed.phrases += 1 }
      took(phrase.samples)
    }
    func endAnswer() { state.withLock { $0.isOver = true } }
    func clear() {}
    func close(reason: String) {}
  }

  private final class CountingVoice: SpeechSynthesizer {
    let name = "voice"
    let requests = Mutex(0)

    func synthesize(_ request: SpeechRequest) -> AsyncThrowingStream<SpeechChunk, any Error> {
      requests.withLock { $0 += 1 }
      return AsyncThrowingStream { stream in
        for _ in 0..<10 { stream.yield(.pcm([Int16](repeating: 3000, count: 1600), sampleRate: 16_000)) }
        stream.finish()
      }
    }
  }

  private final class Nobody: SessionObserver {
    func observed(_ observation: Observation, agent: String) {}
    func committed(_ events: [SessionEvent], state: SessionState, in session: Session) {}
    func ended(_ session: Session) {}
  }
}
