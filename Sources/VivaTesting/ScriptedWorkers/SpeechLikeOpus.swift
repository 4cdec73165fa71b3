import Audio
import NIOCore

/// `SpeechLikeTone` in Opus.
enum SpeechLikeOpus {
  private static let sampleRate = 24_000

  /// One second in 50 packets, which goes on with itself; made once.
  private static let loop: [[UInt8]] = {
    guard let encoder = try? OpusEncoder(sampleRate: sampleRate) else { fatalError("libopus has no encoder") }
    let frames = SpeechLikeTone.chunks(.seconds(1), sampleRate: sampleRate, chunkSamples: encoder.frameSamples)
    return frames.compactMap { frame in
      var frame = frame
      let samples = (0..<encoder.frameSamples).map { _ in frame.readInteger(endianness: .little, as: Int16.self) ?? 0 }
      return try? encoder.encode(samples)
    }
  }()

  /// Whole packets of 20 ms.
  static func packets(_ duration: Duration) -> [[UInt8]] {
    (0..<Int(duration / .milliseconds(20))).map { loop[$0 % loop.count] }
  }

  /// An Ogg Opus file, with five packets a page, so that it can be played while it comes. Nothing at all for no
  /// packets.
  static func file(_ duration: Duration) -> ByteBuffer {
    let packets = packets(duration)
    guard !packets.isEmpty else { return ByteBuffer() }
    let writer = OggOpusWriter(packetsPerPage: 5)
    var out = ByteBuffer()
    for packet in packets { out.writeBytes(writer.write(packet)) }
    out.writeBytes(writer.finish())
    return out
  }
}
