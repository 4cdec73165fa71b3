import Audio
import NIOCore
import Testing

@testable import Workers

@Suite struct OggOpusSpeechTests {
  /// Packets of a rising tone, 20 ms each.
  private func packets(_ count: Int) throws -> [[UInt8]] {
    let encoder = try OpusEncoder(sampleRate: 24_000)
    return try (0..<count).map { index in
      try encoder.encode((0..<480).map { Int16(truncatingIfNeeded: ($0 + index * 480) * (20 + index) % 8000) })
    }
  }

  private func file(_ packets: [[UInt8]], channels: Int = 1, preSkip: Int = 312) -> [UInt8] {
    let writer = OggOpusWriter(channels: channels, preSkip: preSkip, packetsPerPage: 1)
    return packets.flatMap { writer.write($0) } + writer.finish()
  }

  private func read(_ file: [UInt8], passesOn: Bool = true) throws -> [SpeechChunk] {
    var speech = OggOpusSpeech(passesOn: passesOn, worker: "w")
    return try speech.read(ByteBuffer(bytes: file))
  }

  @Test("packets come out as they went in, however the stream is cut", arguments: [1, 7, 100, 5000])
  func cuts(size: Int) throws {
    let packets = try packets(20)
    var speech = OggOpusSpeech(passesOn: true, worker: "w")
    var heard: [SpeechChunk] = []
    var rest = file(packets)[...]
    while !rest.isEmpty {
      heard += try speech.read(ByteBuffer(bytes: rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    #expect(heard == packets.map(SpeechChunk.opus))
  }

  @Test(
    "whole packets within the pre-skip are left out", arguments: [(0, 0), (959, 0), (960, 1), (3840, 4), (4000, 4)])
  func preSkip(samples: Int, dropped: Int) throws {
    let packets = try packets(10)
    #expect(try read(file(packets, preSkip: samples)) == packets.dropFirst(dropped).map(SpeechChunk.opus))
  }

  @Test("of decoded speech the pre-skip is left out to the sample", arguments: [0, 312, 960, 4000])
  func preSkipOfSamples(samples: Int) throws {
    let chunks = try read(file(try packets(10), preSkip: samples), passesOn: false)
    #expect(chunks.reduce(0) { $0 + $1.samples.count } == 10 * 960 - samples)
    #expect(chunks.allSatisfy { $0.sampleRate == 48_000 && !$0.samples.isEmpty })
  }

  @Test("stereo, and packets of more than 60 ms, are decoded")
  func decoding() throws {
    let stereo = try read(file(try packets(5), channels: 2))
    #expect(stereo.count == 5 && stereo.allSatisfy { $0.sampleRate == 48_000 })
    // Code 3 (RFC 6716, section 3.2.5): four frames of 20 ms in one packet, each with one byte.
    let long: [UInt8] = [15 << 3 | 3, 4, 0xFF, 0xFF, 0xFF, 0xFF]
    #expect(OpusPacket.duration(long, at: 48_000) == 3840)
    #expect(try read(file([long, long])).allSatisfy { $0.sampleRate == 48_000 })
  }

  @Test("packets that can suddenly not be passed on are malformed")
  func change() throws {
    let long: [UInt8] = [15 << 3 | 3, 4, 0xFF, 0xFF, 0xFF, 0xFF]
    #expect(throws: WorkerError.self) { try read(file(try packets(2) + [long])) }
  }

  @Test("hostile bytes never do more than fail", arguments: [true, false])
  func hostile(passesOn: Bool) throws {
    let good = file(try packets(20))
    var random = Seeded(state: 7)
    for _ in 0..<500 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      do {
        #expect(try read(bytes, passesOn: passesOn).count <= 20)
      } catch {
        #expect((error as? WorkerError)?.kind == .malformed)
      }
    }
  }
}
