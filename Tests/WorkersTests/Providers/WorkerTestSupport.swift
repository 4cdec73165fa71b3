import Synchronization
import Testing
import VivaConfiguration
import Workers

/// A linear congruential generator (Knuth's MMIX), for tests that can be run again.
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 29)
  }
}

final class RecordingObserver: WorkerObserver {
  struct Request: Equatable {
    var kind: WorkerKind
    var provider: String
    var outcome: String
    var hasFirstResult: Bool
  }

  private let recorded = Mutex<[Request]>([])
  var requests: [Request] { recorded.withLock { $0 } }

  func requestFinished(
    kind: WorkerKind, provider: String, outcome: String, firstResult: Duration?, total: Duration
  ) {
    recorded.withLock {
      $0.append(
        Request(kind: kind, provider: provider, outcome: outcome, hasFirstResult: firstResult != nil))
    }
  }
}

func provider(
  _ wireProtocol: ProviderSettings.WireProtocol, _ url: String?, name: String = "worker",
  firstResult: Int = 60_000, gap: Int = 60_000
) -> ProviderSettings {
  var settings = ProviderSettings(name: name, wireProtocol: wireProtocol, url: url)
  settings.deadlines.connect = 60_000
  settings.deadlines.firstResult = firstResult
  settings.deadlines.gap = gap
  return settings
}

/// Audio of one turn: pieces of 20 ms at 16 kHz, and its end.
func turn(milliseconds: Int) -> AsyncStream<[Int16]> {
  AsyncStream { audio in
    for _ in 0..<(milliseconds / 20) { audio.yield([Int16](repeating: 100, count: 320)) }
    audio.finish()
  }
}

func all<Event>(_ stream: AsyncThrowingStream<Event, any Error>) async throws -> [Event] {
  var events: [Event] = []
  for try await event in stream { events.append(event) }
  return events
}

/// How a call fails; the test fails if it does not.
func failure<Event>(_ stream: AsyncThrowingStream<Event, any Error>) async -> WorkerError? {
  do {
    _ = try await all(stream)
    Issue.record("the call did not fail")
    return nil
  } catch {
    return error as? WorkerError
  }
}

extension SpeechChunk {
  /// Empty for Opus.
  var samples: [Int16] {
    guard case .pcm(let samples, _) = self else { return [] }
    return samples
  }

  /// Nil for Opus.
  var sampleRate: Int? {
    guard case .pcm(_, let rate) = self else { return nil }
    return rate
  }
}

/// Waits up to a minute for something that another task does.
func eventually(_ isTrue: () -> Bool) async -> Bool {
  for _ in 0..<6000 {
    if isTrue() { return true }
    try? await Task.sleep(for: .milliseconds(10))
  }
  return isTrue()
}

/// In milliseconds: short for the deadline that a test waits for, out of the way for the others.
func limit(_ deadline: WorkerError.Kind, in expected: WorkerError.Kind) -> Int {
  deadline == expected ? 500 : 60_000
}
