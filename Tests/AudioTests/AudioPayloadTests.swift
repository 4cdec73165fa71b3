import Testing

@testable import Audio

@Suite struct AudioPayloadTests {
  private static let encodings: [AudioEncoding] = [.pcm, .mulaw, .alaw, .opus]

  private func speech(at rate: Int) throws -> [Int16] {
    let speech = try Speech.espeak("I would like to book a table for two.").scaled(to: -20)
    let resampler = try Resampler(from: 16_000, to: rate, quality: 8)
    return resampler.process(speech) + resampler.drain()
  }

  @Test("what goes out comes in again", arguments: encodings, [16_000, 24_000, 22_050])
  func roundTrip(encoding: AudioEncoding, rate: Int) throws {
    let speech = try speech(at: rate)
    var encoder = AudioPayloadEncoder(encoding, sampleRate: rate)
    var decoder = AudioPayloadDecoder(encoding, sampleRate: rate)
    var heard: [Int16] = []
    for piece in pieces(speech, maximum: 3000, seed: 1) {
      for payload in encoder.encode(piece) { heard += try decoder.decode(payload) }
    }
    for payload in encoder.finish() { heard += try decoder.decode(payload) }
    // But for what the decoder's resampler holds, and what fills up the last packet.
    #expect(abs(heard.count - speech.count) < rate / 50 + 100)
    #expect(bestMatch(Array(speech.prefix(rate / 2)), heard, delays: 0...rate / 100).correlation > 0.85)
  }

  @Test("PCM at its own rate is untouched")
  func exactPCM() throws {
    var encoder = AudioPayloadEncoder(.pcm, sampleRate: 24_000)
    var decoder = AudioPayloadDecoder(.pcm, sampleRate: 24_000)
    #expect(encoder.encode([1, -2, .min]) == [[1, 0, 0xFE, 0xFF, 0, 0x80]])
    #expect(encoder.encode([]) == [])
    #expect(encoder.finish() == [])
    #expect(try decoder.decode([1, 0, 0xFE, 0xFF]) == [1, -2])
    #expect(try decoder.decode([]) == [])
  }

  @Test("the length of G.711 is exact after the end", arguments: [AudioEncoding.mulaw, .alaw])
  func exactLength(encoding: AudioEncoding) {
    var encoder = AudioPayloadEncoder(encoding, sampleRate: 24_000)
    let input = sine(440, rate: 24_000, amplitude: 9000, count: 30_000)
    let payloads = pieces(input, maximum: 500, seed: 2).flatMap { encoder.encode($0) } + encoder.finish()
    #expect(payloads.joined().count == 10_000)
  }

  @Test("Opus packs 20 ms, keeps the rest, and fills up the last packet")
  func opusFrames() {
    var encoder = AudioPayloadEncoder(.opus, sampleRate: 24_000)
    #expect(encoder.finish() == [])
    #expect(encoder.encode([Int16](repeating: 5, count: 479)) == [])
    #expect(encoder.encode([5]).count == 1)
    #expect(encoder.encode([Int16](repeating: 5, count: 1000)).count == 2)
    let last = encoder.finish()
    #expect(last.map { OpusPacket.duration($0, at: 24_000) } == [480])
    #expect(encoder.finish() == [])
  }

  @Test("an encoder is as new after the end, and pieces make no difference", arguments: encodings)
  func asNew(encoding: AudioEncoding) throws {
    let speech = try speech(at: 22_050)
    var encoder = AudioPayloadEncoder(encoding, sampleRate: 22_050)
    let first = encoder.encode(speech) + encoder.finish()
    let second = pieces(speech, maximum: 700, seed: 3).flatMap { encoder.encode($0) } + encoder.finish()
    #expect(Array(first.joined()) == Array(second.joined()))
  }

  @Test("payloads that cannot be are refused, and the next one is decoded")
  func refuses() throws {
    var pcm = AudioPayloadDecoder(.pcm, sampleRate: 16_000)
    #expect(throws: AudioPayloadError.oddByteCount) { try pcm.decode([1, 2, 3]) }
    #expect(try pcm.decode([UInt8](repeating: 0, count: 4800)).count > 1500)

    var opus = AudioPayloadDecoder(.opus, sampleRate: 16_000)
    for packet in [[], [0x03, 0], [UInt8](repeating: 0, count: 5000)] as [[UInt8]] {
      #expect(throws: AudioPayloadError.malformedPacket) { try opus.decode(packet) }
    }
    #expect(try opus.decode([0x08, 0]).count == 320)
  }

  @Test("bytes for a second are known but for Opus")
  func bytesPerSecond() {
    #expect(Self.encodings.map(AudioPayloadDecoder.bytesPerSecond) == [48_000, 8000, 8000, nil])
  }
}
