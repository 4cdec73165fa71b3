import Foundation
import Runtime
import Testing
import VivaConfiguration
import VivaTesting

@testable import Workers

/// Answers that say nothing are failures.
@Suite struct HollowAnswerTests {
  @Test("a synthesiser that sends zeros has failed; a pause before the voice is none")
  func zeroAudio() async throws {
    let zeros = [Int16](repeating: 0, count: 1000)
    let voice = [Int16](repeating: 500, count: 1000)
    let observer = RecordingObserver()
    let dead = FixedSynthesizer(name: "dead", chunks: [zeros, zeros])
    let synthesizer = OrderedSynthesizer(
      [dead, FixedSynthesizer(name: "well", chunks: [zeros, voice, zeros])], observer: observer)
    #expect(try await all(synthesizer.synthesize(.init(text: "Hello."))).map(\.samples) == [zeros, voice, zeros])
    #expect(observer.requests.map(\.outcome) == ["empty_reply", "ok"])
    #expect(
      await failure(OrderedSynthesizer([dead], observer: observer).synthesize(.init(text: "Hi.")))?.kind == .emptyReply)
  }

  @Test("no word in a second of speech is a failure, unless all agree; in noise it is an answer")
  func emptyTranscript() async throws {
    let speech = try await spoken("The quick brown fox jumps over the lazy dog, and then it runs away.")
    let deaf = FixedRecognizer(name: "deaf", text: "")
    let observer = RecordingObserver()
    let both = OrderedRecognizer([deaf, FixedRecognizer(name: "well", text: "fox")], observer: observer)
    #expect(try await all(both.recognize(.init(), audio: speech)).last == .final(.init(text: "fox")))
    #expect(observer.requests.map(\.outcome) == ["empty_reply", "ok"])
    let again = try await spoken("The quick brown fox jumps over the lazy dog, and then it runs away.")
    let alone = OrderedRecognizer([deaf], observer: observer)
    #expect(try await all(alone.recognize(.init(), audio: again)) == [.final(.init(text: ""))])
    #expect(try await all(both.recognize(.init(), audio: turn(milliseconds: 3000))) == [.final(.init(text: ""))])
    #expect(observer.requests.map(\.outcome) == ["empty_reply", "ok", "empty_reply", "ok"])
  }

  /// By espeak, as a recogniser gets it.
  private func spoken(_ text: String) async throws -> AsyncStream<[Int16]> {
    let chunks = try await all(EspeakSynthesizer(provider(.espeak, nil)).synthesize(.init(text: text)))
    let samples = chunks.flatMap(\.samples)
    let rate = Double(chunks.first?.sampleRate ?? 22_050)
    let count = Int(Double(samples.count) * 16_000 / rate)
    // The nearest sample is good enough for a detector of voices.
    let voice = (0..<count).map { samples[Int(Double($0) * rate / 16_000)] }
    return AsyncStream { audio in
      for start in stride(from: 0, to: voice.count, by: 320) {
        audio.yield(Array(voice[start..<min(start + 320, voice.count)]))
      }
      audio.finish()
    }
  }
}

private struct FixedSynthesizer: SpeechSynthesizer {
  let name: String
  let chunks: [[Int16]]

  func synthesize(_ request: SpeechRequest) -> AsyncThrowingStream<SpeechChunk, any Error> {
    AsyncThrowingStream { results in
      for chunk in chunks { results.yield(.pcm(chunk, sampleRate: 16_000)) }
      results.finish()
    }
  }
}

/// Says the same of whatever it hears.
private struct FixedRecognizer: SpeechRecognizer {
  let name: String
  let text: String

  func recognize(
    _ request: RecognitionRequest, audio: AsyncStream<[Int16]>
  ) -> AsyncThrowingStream<RecognitionEvent, any Error> {
    AsyncThrowingStream { results in
      Task {
        for await _ in audio {}
        results.yield(.final(Transcript(text: text)))
        results.finish()
      }
    }
  }
}
