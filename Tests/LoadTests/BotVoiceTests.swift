import Audio
import Foundation
import NIOCore
import Realtime
import Testing

@testable import VivaTesting

@Suite("What a bot sends")
struct BotVoiceTests {
  /// A sentence's worth of a tone that swells, not a whole number of pieces long.
  private static let utterance = Utterance(
    samples: (0..<24_000 * 2 + 500).map { index in
      let time = Double(index) / 24_000
      return Int16(8000 * sin(2 * .pi * 3 * time) * sin(2 * .pi * 300 * time))
    }, transcript: "")

  /// Says one utterance, and what comes before and after it.
  private func pieces(_ voice: BotVoice) -> [BotMouth.Piece] {
    var mouth = BotMouth(voice, first: 0)
    var pieces: [BotMouth.Piece] = []
    while pieces.last?.endOfSpeech == nil { pieces.append(mouth.piece(mayStart: true)) }
    return pieces
  }

  /// The audio that a server makes of the frames, at 24 kHz.
  private func decode(_ pieces: [BotMouth.Piece], _ format: AudioFormat, _ encoding: AudioEncoding) throws -> [Int16] {
    var decoder = AudioPayloadDecoder(encoding, sampleRate: 24_000)
    return try pieces.flatMap { piece in
      let (opcode, message) = unmasked(piece.frame)
      #expect(opcode == (format == .opus ? 0x82 : 0x81))
      guard format != .opus else { return try decoder.decode(message) }
      guard case .inputAudioBufferAppend(let audio) = try ClientEvent.decode(message).body else {
        Issue.record("not an append")
        return []
      }
      return try decoder.decode(audio)
    }
  }

  private func unmasked(_ frame: ClientFrame) -> (opcode: UInt8, payload: [UInt8]) {
    let bytes = frame.bytes
    #expect(bytes[1] & 0x80 != 0, "clients mask")
    let length = Int(bytes[1] & 0x7F)
    let start = length == 126 ? 4 : 2
    let mask = bytes[start..<start + 4]
    let payload = bytes[(start + 4)...].enumerated().map { $1 ^ mask[start + $0 % 4] }
    #expect(payload.count == (length == 126 ? Int(bytes[2]) << 8 | Int(bytes[3]) : length))
    return (bytes[0], payload)
  }

  @Test(
    "is the utterance, in every format",
    arguments: [(AudioFormat.pcm, AudioEncoding.pcm), (.pcmu, .mulaw), (.pcma, .alaw), (.opus, .opus)])
  func roundTrip(format: AudioFormat, encoding: AudioEncoding) throws {
    let voice = BotVoice([Self.utterance], format: format)
    let pieces = pieces(voice)
    let milliseconds = format == .opus ? 20 : 40
    let silent = 600 / milliseconds
    let samples = try decode(pieces, format, encoding)
    // G.711 holds back what is in the resampler's filter.
    #expect(abs(samples.count - pieces.count * milliseconds * 24) < 400)

    let spoken = Array(samples[(silent * milliseconds * 24)...])
    #expect(samples[..<(silent * milliseconds * 24 - 400)].allSatisfy { abs(Int($0)) < 200 })
    #expect(likeness(spoken, Self.utterance.samples) > 0.98)
    // 2 s and 500 samples: how much of the last piece is silence.
    let padding = format == .opus ? 480 - 500 % 480 : 960 - 500
    #expect(pieces.last?.endOfSpeech == .microseconds(padding * 1000 / 24))
  }

  @Test("is silence while the agent speaks")
  func silence() throws {
    var mouth = BotMouth(BotVoice([Self.utterance], format: .pcmu), first: 0)
    let pieces = (0..<100).map { _ in mouth.piece(mayStart: false) }
    #expect(pieces.allSatisfy { $0.endOfSpeech == nil })
    #expect(try decode(pieces, .pcmu, .mulaw).allSatisfy { abs(Int($0)) < 200 })
  }

  @Test("agrees with the server on the format for both ways", arguments: AudioFormat.allCases)
  func sessionUpdate(format: AudioFormat) throws {
    let message = unmasked(BotVoice([Self.utterance], format: format).sessionUpdate).payload
    guard case .sessionUpdate = try ClientEvent.decode(message).body else {
      Issue.record("not a session.update")
      return
    }
    let text = String(decoding: message, as: UTF8.self)
    #expect(text.components(separatedBy: #""format":{"type":"\#(format.name)"}"#).count == 3)
  }

  /// The cosine between two signals where they fit best, up to 10 ms apart: 1 is the same but for its loudness.
  private func likeness(_ a: [Int16], _ b: [Int16]) -> Double {
    (0...240).map { lag in
      var (product, squareA, squareB) = (0.0, 0.0, 0.0)
      for index in 0..<min(a.count - lag, b.count) {
        let (x, y) = (Double(a[index + lag]), Double(b[index]))
        product += x * y
        squareA += x * x
        squareB += y * y
      }
      return product / (squareA * squareB).squareRoot()
    }.max() ?? 0
  }
}
