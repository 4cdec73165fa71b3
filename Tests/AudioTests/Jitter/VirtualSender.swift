import Runtime
import Testing

@testable import Audio

/// A packet on its way; times are in milliseconds of virtual time.
struct SentPacket {
  var payload: [UInt8]
  var sequenceNumber: UInt16
  var timestamp: UInt32
  var ssrc: UInt32 = 1
  var level: UInt8?
  var sentAt: Double
}

/// Makes the packets of a stream that begins at time 0.
struct VirtualSender {
  var codec = VoiceCodec.opus
  var packetMilliseconds = 20
  /// Above 0, with in-band FEC.
  var expectedLoss = 0
  var firstSequenceNumber: UInt16 = 65_500
  var firstTimestamp: UInt32 = 4_294_900_000
  var bitrate = 24_000
  /// Whether packets say how loud they are.
  var hasLevels = false

  /// - Parameter samples: At 16 kHz.
  func packets(_ samples: [Int16]) throws -> [SentPacket] {
    let encoder = try OpusEncoder(sampleRate: 16_000, bitrate: bitrate, packetMilliseconds: packetMilliseconds)
    encoder.configure(bitrate: bitrate, complexity: 5, expectedLoss: expectedLoss)
    let step = UInt32(packetMilliseconds * codec.clockRate / 1000)
    let narrow = codec == .opus ? [] : try Resampler(from: 16_000, to: 8000).process(samples)
    let frames = (codec == .opus ? samples : narrow).chunks(of: (codec == .opus ? 16 : 8) * packetMilliseconds)
    let loudness = samples.chunks(of: 16 * packetMilliseconds)
    return try frames.enumerated().compactMap { index, frame in
      guard frame.count == frames[0].count else { return nil }
      return SentPacket(
        payload: try codec.law.map { G711.encode(frame, $0) } ?? encoder.encode(frame),
        sequenceNumber: firstSequenceNumber &+ UInt16(index), timestamp: firstTimestamp &+ UInt32(index) &* step,
        level: hasLevels ? PlayoutLevel.of(loudness[index]) : nil,
        // A packet goes when its last sample is there.
        sentAt: Double((index + 1) * packetMilliseconds))
    }
  }
}

extension PlayoutLevel {
  static func of(_ samples: [Int16]) -> UInt8 { samples.withUnsafeBufferPointer { of($0) } }
}

/// What a network does to packets, the same with each seed.
struct VirtualNetwork {
  /// Share of packets that are lost, in bursts of this length.
  var loss = 0.0
  var burst = 1
  /// In milliseconds: all packets are this late, and any up to so much later.
  var delay = 20.0
  var jitter = 0.0
  var duplicates = 0.0
  var seed: UInt64 = 1

  /// Packets with the times of their arrival, in order of it.
  func carry(_ packets: [SentPacket]) -> [(time: Double, packet: SentPacket)] {
    var generator = SeededGenerator(seed: seed)
    var lost = 0
    var arrivals: [(time: Double, packet: SentPacket)] = []
    for packet in packets {
      if lost == 0, Double.random(in: 0..<1, using: &generator) < loss / Double(burst) { lost = burst }
      let time = packet.sentAt + delay + Double.random(in: 0...max(jitter, 0.001), using: &generator)
      if Double.random(in: 0..<1, using: &generator) < duplicates { arrivals.append((time + 5, packet)) }
      guard lost == 0 else {
        lost -= 1
        continue
      }
      arrivals.append((time, packet))
    }
    return arrivals.sorted { $0.time < $1.time }
  }
}

/// What a jitter buffer made of arrivals.
struct Reception {
  var samples: [Int16] = []
  var ticks: [JitterBuffer.Tick] = []
  var statistics = JitterBufferStatistics()
  /// In milliseconds, at each tick.
  var targets: [Int] = []
  var arrivals: [JitterBuffer.Arrival] = []

  /// - Parameters:
  ///   - milliseconds: Of the ticks, which begin at time 0.
  init(
    _ packets: [(time: Double, packet: SentPacket)], _ codec: VoiceCodec = .opus,
    configuration: JitterBuffer.Configuration = .init(), milliseconds: Int, tickPhase: Double = 7
  ) {
    var buffer = JitterBuffer(codec, configuration: configuration)
    var frame = [Int16](repeating: 0, count: JitterBuffer.tickSamples)
    var next = 0
    for tick in 0..<milliseconds / 20 {
      let time = Double(tick) * 20 + tickPhase
      while next < packets.count, packets[next].time <= time {
        arrivals.append(buffer.insert(packets[next].packet, at: packets[next].time))
        next += 1
      }
      var span = frame.mutableSpan
      ticks.append(buffer.tick(at: Instant(nanoseconds: Int64(time * 1e6)), into: &span))
      samples += frame
      targets.append(buffer.targetDelay.milliseconds)
    }
    statistics = buffer.statistics
  }

  var concealedShare: Double { Double(statistics.concealedSamples) / Double(statistics.totalSamplesReceived) }
  /// In milliseconds, of the packets in the buffer.
  var meanDelay: Double {
    statistics.jitterBufferDelay / Double(max(1, statistics.jitterBufferEmittedCount)) * 1000
  }
  /// The largest difference of two neighbours.
  var largestStep: Int { zip(samples, samples.dropFirst()).map { abs(Int($0) - Int($1)) }.max() ?? 0 }
}

extension JitterBuffer {
  /// - Parameter time: In milliseconds.
  @discardableResult
  mutating func insert(_ packet: SentPacket, at time: Double) -> Arrival {
    insert(
      packet.payload.span.bytes, sequenceNumber: packet.sequenceNumber, timestamp: packet.timestamp,
      ssrc: packet.ssrc, audioLevel: packet.level, at: Instant(nanoseconds: Int64(time * 1e6)))
  }
}

/// Ten seconds of speech, the same for every test.
enum TestSpeech {
  static let samples: [Int16] = {
    let text = "The quick brown fox jumps over the lazy dog, while seven wizards make toxic brew for the evil queen. "
    guard let speech = try? Speech.espeak(text + text) else { return [] }
    return Array((speech.samples + speech.samples).prefix(160_000))
  }()
}
