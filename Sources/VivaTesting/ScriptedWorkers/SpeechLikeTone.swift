import Foundation
import NIOCore
import Synchronization

/// Sound with the pitch, the harmonics and the syllables of a voice, and no words.
enum SpeechLikeTone {
  private static let loops = Mutex<[Int: ByteBuffer]>([:])

  /// - Returns: chunks of 16-bit little-endian mono PCM.
  static func chunks(_ duration: Duration, sampleRate: Int, chunkSamples: Int = 1024) -> [ByteBuffer] {
    let loop = loop(sampleRate)
    var left = Int(duration / .microseconds(1)) * sampleRate / 1_000_000
    var chunks: [ByteBuffer] = []
    var position = 0
    while left > 0 {
      let count = min(left, chunkSamples, sampleRate - position)
      guard let chunk = loop.getSlice(at: position * 2, length: count * 2) else { break }
      chunks.append(chunk)
      left -= count
      position = (position + count) % sampleRate
    }
    return chunks
  }

  /// One second, which goes on smoothly with itself; made once.
  private static func loop(_ sampleRate: Int) -> ByteBuffer {
    loops.withLock { loops in
      if let loop = loops[sampleRate] { return loop }
      // A 50th of a second holds whole waves of every harmonic, at every usual sample rate.
      let waves = (0..<max(1, sampleRate / 50)).map { index in
        let t = 2 * Double.pi * Double(index) / Double(sampleRate)
        return (1...12).reduce(0.0) { $0 + sin(t * 150 * Double($1)) / Double($1) }
      }
      var loop = ByteBufferAllocator().buffer(capacity: sampleRate * 2)
      for index in 0..<sampleRate {
        let syllables = 0.55 - 0.45 * cos(2 * Double.pi * 4 * Double(index) / Double(sampleRate))
        loop.writeInteger(Int16(6000 * waves[index % waves.count] * syllables), endianness: .little)
      }
      loops[sampleRate] = loop
      return loop
    }
  }
}
