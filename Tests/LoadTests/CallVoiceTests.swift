import Audio
import Foundation
import Media
import Realtime
import Testing

@testable import VivaTesting

@Suite("What a bot says in a call")
struct CallVoiceTests {
  private static let utterance = Utterance(
    samples: (0..<24_000 + 100).map { Int16(8000 * sin(2 * .pi * 300 * Double($0) / 24_000)) }, transcript: "")

  @Test(
    "is packets of 20 ms with their levels, encoded once",
    arguments: [(AudioFormat.opus, UInt32(960)), (.pcm, 960), (.pcmu, 160), (.pcma, 160)])
  func packets(format: AudioFormat, units: UInt32) {
    let voice = CallVoice([Self.utterance], format: format)
    #expect(voice.packetUnits == units)
    let sentence = voice.sentences[0]
    #expect(sentence.packets.count == 51)
    #expect(sentence.padding == .microseconds((51 * 480 - 24_100) * 1000 / 24))
    // A sine at a quarter of the range: 12 dB, and 3 for its root mean square.
    #expect(sentence.packets[..<50].allSatisfy { $0.level == AudioLevel(decibelsBelowOverload: 15, isVoice: true) })
    #expect(voice.silence.level == .silence)
    for packet in sentence.packets {
      let payload = Array(voice.bytes[packet.bytes])
      #expect(
        format == .opus || format == .pcm ? OpusPacket.duration(payload, at: 48_000) == 960 : payload.count <= 160)
    }
  }

  @Test("is a sentence 600 ms after the agent has fallen silent, then silence, then the next")
  func turns() {
    var mouth = CallMouth(CallVoice([Self.utterance, Self.utterance], format: .opus), first: 1)
    let waiting = (0..<100).map { _ in mouth.piece(mayStart: false) }
    #expect(waiting.allSatisfy { !$0.begins && $0.packet.level == .silence })
    let pieces = (0..<200).map { _ in mouth.piece(mayStart: true) }
    // 30 packets of pause, 51 of the sentence.
    #expect(pieces.indices.filter { pieces[$0].begins } == [30, 111, 192])
    #expect(pieces.indices.filter { pieces[$0].endOfSpeech != nil } == [80, 161])
  }

  @Test("is nothing for a bot without sentences")
  func silent() {
    var mouth = CallMouth(CallVoice([], format: .opus), first: 3)
    #expect((0..<100).allSatisfy { _ in mouth.piece(mayStart: true).packet.level == .silence })
  }
}
