import Audio
import Foundation
import Realtime

/// What bots say, in one format: their audio cut into pieces and encoded once, as ready-made messages that all bots
/// share. So a bot costs little more than its system calls.
public struct BotVoice: Sendable {
  struct Utterance: Sendable {
    var pieces: [ClientFrame]
    /// Silence that follows the last sample in the last piece.
    var padding: Duration
  }

  public let format: AudioFormat
  /// What one piece lasts, in ms: an Opus packet, or as much as browsers send at once.
  let pieceMilliseconds: Int
  let utterances: [Utterance]
  let silence: ClientFrame

  /// - Parameter utterances: what is said, in turn, over and over; not empty.
  public init(_ utterances: [VivaTesting.Utterance], format: AudioFormat) {
    precondition(!utterances.isEmpty, "a bot needs something to say")
    self.format = format
    let milliseconds = format == .opus ? 20 : 40
    pieceMilliseconds = milliseconds
    self.utterances = utterances.map { utterance in
      let payloads = Self.payloads(utterance.samples, format: format, milliseconds: milliseconds)
      let samples = payloads.count * milliseconds * 24
      return Utterance(
        pieces: payloads.map { Self.frame($0, format: format) },
        padding: .microseconds((samples - utterance.samples.count) * 1000 / 24))
    }
    // The second one of two: an encoder's first packet is special.
    let silent = [Int16](repeating: 0, count: 2 * milliseconds * 24)
    silence = Self.frame(Self.payloads(silent, format: format, milliseconds: milliseconds)[1], format: format)
  }

  /// The `session.update` that agrees on the format for both ways.
  var sessionUpdate: ClientFrame {
    let format = #"{"type":"\#(format.name)"}"#
    return .text(
      Array(
        """
        {"type":"session.update","session":{"type":"realtime","audio":{"input":{"format":\(format)},\
        "output":{"format":\(format)}}}}
        """.utf8))
  }

  /// Encodes 24 kHz samples, filled up with silence to whole pieces.
  static func payloads(_ samples: [Int16], format: AudioFormat, milliseconds: Int) -> [[UInt8]] {
    let pieceSamples = milliseconds * 24
    let missing = (pieceSamples - samples.count % pieceSamples) % pieceSamples
    let whole = samples + [Int16](repeating: 0, count: missing)
    var encoder = AudioPayloadEncoder(format.encoding, sampleRate: 24_000)
    let encoded = encoder.encode(whole) + encoder.finish()
    guard let rate = AudioPayloadDecoder.bytesPerSecond(format.encoding) else { return encoded }
    let bytes = encoded.flatMap(\.self)
    let pieceBytes = rate * milliseconds / 1000
    return stride(from: 0, to: bytes.count, by: pieceBytes).map { Array(bytes[$0..<min(bytes.count, $0 + pieceBytes)]) }
  }

  /// The message that carries a piece.
  static func message(_ payload: [UInt8]) -> [UInt8] {
    Array(#"{"type":"input_audio_buffer.append","audio":"\#(Data(payload).base64EncodedString())"}"#.utf8)
  }

  private static func frame(_ payload: [UInt8], format: AudioFormat) -> ClientFrame {
    format == .opus ? .binary(payload) : .text(message(payload))
  }
}

extension AudioFormat {
  fileprivate var encoding: AudioEncoding {
    switch self {
    case .pcm: .pcm
    case .pcmu: .mulaw
    case .pcma: .alaw
    case .opus: .opus
    }
  }
}
