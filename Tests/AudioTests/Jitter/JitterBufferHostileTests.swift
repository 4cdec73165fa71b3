import Runtime
import Testing

@testable import Audio

@Suite("Jitter buffer, hostile senders")
struct JitterBufferHostileTests {
  @Test("any packets at any time leave it playing", arguments: [VoiceCodec.opus, .pcmu], [1, 2, 3] as [UInt64])
  func randomPackets(codec: VoiceCodec, seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let real = try VirtualSender(expectedLoss: 10).packets(Array(TestSpeech.samples[..<32_000])).map(\.payload)
    var buffer = JitterBuffer(codec)
    var frame = [Int16](repeating: 0, count: JitterBuffer.tickSamples)
    var now: Int64 = 0
    var sequenceNumber: UInt16 = 0
    var timestamp: UInt32 = 0
    var ssrc: UInt32 = 1
    for index in 0..<17_000 {
      // Stretches of order, so that more than the beginning of a stream is reached.
      let wild = index / 250 % 3
      sequenceNumber &+= wild == 0 ? 1 : UInt16(truncatingIfNeeded: Int.random(in: -4...8, using: &generator))
      timestamp &+= wild < 2 ? 960 : UInt32(truncatingIfNeeded: Int.random(in: -9000...20_000, using: &generator))
      switch Int.random(in: 0..<400, using: &generator) {
      case 0: sequenceNumber = .random(in: .min ... .max, using: &generator)
      case 1: timestamp = .random(in: .min ... .max, using: &generator)
      case 2: ssrc = .random(in: 1...3, using: &generator)
      default: break
      }
      let payload: [UInt8]
      switch Int.random(in: 0..<10, using: &generator) {
      case 0: payload = randomBytes(.random(in: 0...1500, using: &generator), &generator)
      case 1: payload = [.random(in: .min ... .max, using: &generator)]
      default: payload = real.randomElement(using: &generator)!
      }
      let level = Bool.random(using: &generator) ? nil : UInt8.random(in: .min ... .max, using: &generator)
      now += .random(in: 0...12_000_000, using: &generator)
      let packet = SentPacket(
        payload: payload, sequenceNumber: sequenceNumber, timestamp: timestamp, ssrc: ssrc, level: level, sentAt: 0)
      buffer.insert(packet, at: Double(now) / 1e6)
      if index % 3 == 0 {
        var span = frame.mutableSpan
        _ = buffer.tick(at: Instant(nanoseconds: now), into: &span)
      }
    }
    let statistics = buffer.statistics
    #expect(statistics.totalSamplesReceived == 5667 * JitterBuffer.tickSamples)
    #expect(statistics.concealedSamples <= statistics.totalSamplesReceived + 640)
    #expect((20...400).contains(buffer.targetDelay.milliseconds))
  }
}
