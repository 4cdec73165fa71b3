import Audio
import Foundation
import Runtime

/// What a bot's microphone picks up: utterances with a pause before each, silence otherwise.
struct BotMouth {
  struct Piece {
    /// An `input_audio_buffer.append`, ready to send.
    var event: [UInt8]
    /// Set when the last sample of an utterance is in this piece.
    var endOfSpeech: Instant?
  }

  /// Between the end of the agent's answer and the next utterance.
  private static let pauseMilliseconds = 600

  private let utterances: [Utterance]
  private var next: Int
  private var position: Int?
  private var pause = 0

  init(utterances: [Utterance], next: Int) {
    self.utterances = utterances
    self.next = next
  }

  /// - Parameter mayStart: whether the agent is silent, so that an utterance may begin.
  mutating func piece(milliseconds: Int, mayStart: Bool, at now: Instant) -> Piece {
    let count = milliseconds * 24
    guard let start = position ?? begin(mayStart: mayStart, milliseconds) else {
      return Piece(event: Self.event([Int16](repeating: 0, count: count)))
    }
    let samples = utterances[next % utterances.count].samples
    let end = min(samples.count, start + count)
    let speech = Array(samples[start..<end]) + [Int16](repeating: 0, count: count - (end - start))
    guard end == samples.count else {
      position = end
      return Piece(event: Self.event(speech))
    }
    position = nil
    pause = 0
    next += 1
    return Piece(event: Self.event(speech), endOfSpeech: now)
  }

  private mutating func begin(mayStart: Bool, _ milliseconds: Int) -> Int? {
    pause = mayStart ? pause + milliseconds : 0
    return pause > Self.pauseMilliseconds ? 0 : nil
  }

  private static func event(_ samples: [Int16]) -> [UInt8] {
    let audio = Data(PCM16.encode(samples)).base64EncodedString()
    return Array(#"{"type":"input_audio_buffer.append","audio":"\#(audio)"}"#.utf8)
  }
}
