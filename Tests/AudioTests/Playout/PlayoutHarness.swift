import Runtime

@testable import Audio

/// A playout in virtual time, and what came of it.
struct PlayoutHarness: ~Copyable {
  var playout: Playout
  var now = Instant(nanoseconds: 0)
  var packets: [(packet: PlayoutPacket, payload: [UInt8], time: Int)] = []
  var started = 0
  var drained: [Int] = []
  var recorded: [(key: PhraseKey, phrase: EncodedPhrase)] = []
  var complexity = 5

  init(_ format: PlayoutFormat = PlayoutFormat(.opus), firstTimestamp: UInt32 = 0) {
    playout = Playout(format, firstTimestamp: firstTimestamp, queueBytes: 1 << 20, at: now)
  }

  var hasEncoder: Bool { !playout.encoder.isReleased }

  /// - Parameter jitter: Of the ticks, in milliseconds.
  mutating func run(milliseconds: Int, jitter: Int = 0, seed: UInt64 = 1) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<milliseconds / 20 {
      tick(at: now + .milliseconds(Int.random(in: 0...jitter, using: &generator)))
      now = now + .milliseconds(20)
    }
  }

  mutating func tick(at time: Instant) {
    var buffer = [UInt8](repeating: 0, count: 1200)
    while true {
      var bytes = buffer.mutableSpan
      var raw = bytes.mutableBytes
      guard let step = playout.next(at: time, complexity: complexity, into: &raw) else { return }
      switch step {
      case .started: started += 1
      case .drained(let played): drained.append(played)
      case .recorded(let key, let phrase): recorded.append((key, phrase))
      case .packet(let packet):
        packets.append((packet, Array(buffer[..<packet.length]), Int(time.nanoseconds / 1_000_000)))
      }
    }
  }

  /// What a receiver with a steady network hears, at 16 kHz.
  func heard() -> [Int16] {
    var buffer = JitterBuffer(playout.format.codec)
    var frame = [Int16](repeating: 0, count: JitterBuffer.tickSamples)
    var heard: [Int16] = []
    var next = 0
    for tick in 0..<Int(now.nanoseconds / 20_000_000) {
      let time = tick * 20
      while next < packets.count, packets[next].time <= time {
        let (packet, payload, time) = packets[next]
        buffer.insert(
          payload.span.bytes, sequenceNumber: UInt16(truncatingIfNeeded: next), timestamp: packet.timestamp, ssrc: 1,
          at: Instant(nanoseconds: Int64(time) * 1_000_000))
        next += 1
      }
      var span = frame.mutableSpan
      _ = buffer.tick(at: Instant(nanoseconds: Int64(time) * 1_000_000), into: &span)
      heard += frame
    }
    return heard
  }
}

/// Speech at 24 kHz.
func speech24(seconds: Double) throws -> [Int16] {
  let resampler = try Resampler(from: 16_000, to: 24_000)
  return Array(resampler.process(TestSpeech.samples).prefix(Int(seconds * 24_000)))
}
