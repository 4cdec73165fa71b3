import Testing

@testable import Audio

@Suite struct OpusTests {
  private static let rates = OpusPacket.sampleRates.sorted()

  private static func speech(at rate: Int) throws -> [Int16] {
    let speech = try Speech.espeak("Please tell me how you handled failure.").scaled(to: -20)
    let resampler = try Resampler(from: 16_000, to: rate, quality: 8)
    return resampler.process(speech) + resampler.drain()
  }

  private static func packets(_ samples: [Int16], _ encoder: OpusEncoder) throws -> [[UInt8]] {
    try samples.chunks(of: encoder.frameSamples).filter { $0.count == encoder.frameSamples }.map { frame in
      try encoder.encode(frame)
    }
  }

  @Test("speech comes back recognisable and less than 10 ms late", arguments: rates, [0, 5])
  func roundTrip(rate: Int, complexity: Int) throws {
    let speech = try Self.speech(at: rate)
    let encoder = try OpusEncoder(sampleRate: rate, complexity: complexity)
    let decoder = try OpusDecoder(sampleRate: rate)
    let packets = try Self.packets(speech, encoder)
    #expect(packets.allSatisfy { OpusPacket.duration($0, at: rate) == rate / 50 })

    let heard = try packets.flatMap { try decoder.decode($0) }
    #expect(heard.count == packets.count * rate / 50)
    #expect(bestMatch(Array(speech.prefix(rate / 2)), heard, delays: 0...rate / 100).correlation > 0.85)
  }

  @Test("the mean bitrate is about the configured one", arguments: [12_000, 24_000, 48_000])
  func bitrate(bitrate: Int) throws {
    let speech = try Self.speech(at: 24_000)
    let packets = try Self.packets(speech, OpusEncoder(sampleRate: 24_000, bitrate: bitrate))
    let bits = packets.reduce(0) { $0 + $1.count } * 8
    let rate = Double(bits) / (Double(packets.count) / 50)
    #expect((0.5...1.6).contains(rate / Double(bitrate)), "\(rate) bit/s")
  }

  @Test("silence is sent like speech: no packet is left out")
  func noDTX() throws {
    let encoder = try OpusEncoder(sampleRate: 24_000)
    let packets = try Self.packets([Int16](repeating: 0, count: 48_000), encoder)
    #expect(packets.count == 100)
    #expect(packets.allSatisfy { $0.count > 1 })
  }

  @Test("settings out of range are refused")
  func settings() {
    #expect(throws: OpusError.unsupportedRate(44_100)) { try OpusEncoder(sampleRate: 44_100) }
    #expect(throws: OpusError.unsupportedRate(.max)) { try OpusDecoder(sampleRate: .max) }
    #expect(throws: OpusError.unsupportedBitrate(.max)) { try OpusEncoder(sampleRate: 8000, bitrate: .max) }
    #expect(throws: OpusError.unsupportedComplexity(11)) { try OpusEncoder(sampleRate: 8000, complexity: 11) }
  }

  @Test("a frame of another size is refused", arguments: [0, 1, 479, 481, 960])
  func wrongFrame(count: Int) throws {
    let encoder = try OpusEncoder(sampleRate: 24_000)
    #expect(throws: OpusError.wrongFrameSize(count)) {
      try encoder.encode([Int16](repeating: 0, count: count))
    }
  }

  @Test("a lost packet is made up, then dies away", arguments: [0, 1, 60, 480, 1001, 48_000])
  func conceals(samples: Int) throws {
    let encoder = try OpusEncoder(sampleRate: 24_000)
    let decoder = try OpusDecoder(sampleRate: 24_000)
    #expect(decoder.conceal(samples: 480) == [Int16](repeating: 0, count: 480))
    for packet in try Self.packets(sine(300, rate: 24_000, amplitude: 9000, count: 24_000), encoder) {
      _ = try decoder.decode(packet)
    }
    let madeUp = decoder.conceal(samples: samples)
    #expect(madeUp.count == samples)
    if samples >= 480 { #expect(PCM16.level(of: Array(madeUp.prefix(240))) > -30) }
    if samples == 48_000 { #expect(PCM16.level(of: Array(madeUp.suffix(4800))) < -50) }
  }

  /// RFC 6716, table 2 and section 3.2: configuration, frame count code and what follows.
  @Test(
    "the length is in the first bytes",
    arguments: [
      ([0x08, 0], 960), ([0x00, 0], 480), ([0x18, 0], 2880), ([0x80, 0], 120), ([0x98, 0], 960),
      ([0x99, 0, 0], 1920), ([0x9A, 1, 7, 7], 1920), ([0x9B, 0x03, 1, 2, 3], 2880),
      // Two frames of 60 ms; 48 of 2.5 ms; an empty frame.
      ([0x19, 0, 0], 5760), ([0x83, 48] + [UInt8](repeating: 0, count: 48), 5760), ([0x08], 960),
    ] as [([UInt8], Int)])
  func duration(packet: [UInt8], samples: Int) throws {
    #expect(OpusPacket.duration(packet, at: 48_000) == samples)
    #expect(OpusPacket.duration(packet, at: 8000) == samples / 6)
    #expect(try OpusDecoder(sampleRate: 16_000).decode(packet).count == samples / 3)
  }

  @Test(
    "malformed packets have no length and are refused",
    arguments: [
      [], [0x01, 0], [0x02], [0x02, 252], [0x02, 9, 1], [0x03], [0x03, 0], [0x1B, 0x03, 1, 2, 3], [0x83, 49],
      [0x08] + [UInt8](repeating: 0, count: 1276), [UInt8](repeating: 0, count: 4001),
    ] as [[UInt8]])
  func malformed(packet: [UInt8]) throws {
    #expect(OpusPacket.duration(packet, at: 48_000) == nil)
    #expect(throws: OpusError.malformedPacket) { try OpusDecoder(sampleRate: 24_000).decode(packet) }
  }

  @Test("tells stereo from mono, and mixes it")
  func stereo() throws {
    #expect(!OpusPacket.isStereo([0x98, 0]))
    #expect(OpusPacket.isStereo([0x9C, 0]))
    #expect(!OpusPacket.isStereo([]))
    #expect(try OpusDecoder(sampleRate: 24_000).decode([0x9C, 0]).count == 480)
  }

  @Test(
    "100,000 random packets are decoded or refused, and the decoder works on", arguments: 1...2 as ClosedRange<UInt64>)
  func hostile(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let decoder = try OpusDecoder(sampleRate: 8000)
    var decoded = 0
    for index in 0..<50_000 {
      let size = index.isMultiple(of: 1000) ? 5000 : 40
      let packet = randomBytes(.random(in: 0...size, using: &generator), &generator)
      let duration = OpusPacket.duration(packet, at: 8000)
      let samples = try? decoder.decode(packet)
      guard let samples else { continue }
      decoded += 1
      if samples.count != duration { Issue.record("\(samples.count) samples of \(packet)") }
    }
    #expect(decoded > 10_000)

    let speech = try Self.speech(at: 8000)
    let packets = try Self.packets(speech, OpusEncoder(sampleRate: 8000))
    let heard = try packets.flatMap { try decoder.decode($0) }
    #expect(bestMatch(speech, heard, delays: 0...80).correlation > 0.8)
  }
}
