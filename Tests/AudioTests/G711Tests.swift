import Audio
import Testing

@Suite struct G711Tests {
  /// Sample, code and level, worked out by hand from G.711's tables 1a/1b and 2a/2b.
  static let vectors: [(law: G711.Law, sample: Int16, code: UInt8, level: Int16)] = [
    (.mu, 0, 0xFF, 0), (.mu, -1, 0x7F, 0), (.mu, 4, 0xFE, 8), (.mu, -5, 0x7E, -8), (.mu, 1000, 0xCE, 988),
    (.mu, -1001, 0x4E, -988), (.mu, 8031, 0xA0, 7932), (.mu, .max, 0x80, 32124), (.mu, .min, 0x00, -32124),
    (.a, 0, 0xD5, 8), (.a, -1, 0x55, -8), (.a, 16, 0xD4, 24), (.a, -17, 0x54, -24), (.a, 512, 0xF5, 528),
    (.a, 1000, 0xFA, 1008), (.a, -1001, 0x7A, -1008), (.a, .max, 0xAA, 32256), (.a, .min, 0x2A, -32256),
  ]

  @Test("codes what the tables of G.711 say", arguments: vectors)
  func table(_ vector: (law: G711.Law, sample: Int16, code: UInt8, level: Int16)) {
    #expect(G711.encode([vector.sample], vector.law) == [vector.code])
    #expect(G711.decode([vector.code], vector.law) == [vector.level])
  }

  @Test("every code comes back from its level, but for mu-law's second zero", arguments: [G711.Law.mu, .a])
  func codesComeBack(law: G711.Law) {
    let codes = [UInt8](0...255)
    let back = G711.encode(G711.decode(codes, law), law)
    for code in codes where !(law == .mu && code == 0x7F) { #expect(back[Int(code)] == code) }
  }

  /// Half a step: the segments double, and have 16 steps each.
  @Test(
    "the error is a 32nd of the sample at the most, and louder samples never become quieter",
    arguments: [G711.Law.mu, .a])
  func error(law: G711.Law) {
    let samples = [Int16](Int16.min...Int16.max)
    let coded = G711.decode(G711.encode(samples, law), law)
    #expect(zip(samples, coded).allSatisfy { abs(Int($1) - Int($0)) <= abs(Int($0)) / 32 + 16 })
    #expect(coded == coded.sorted())
  }

  @Test("speech keeps a signal-to-noise ratio of 30 dB", arguments: [G711.Law.mu, .a])
  func quality(law: G711.Law) throws {
    let speech = try Speech.espeak("The quick brown fox jumps over the lazy dog.").scaled(to: -20)
    #expect(signalToNoise(speech, G711.decode(G711.encode(speech, law), law)) > 30)
  }
}
