import NIOCore

/// Makes mono samples of 16-bit little-endian PCM that arrives in pieces of any size.
struct PCMReader {
  /// No sentence is longer; a worker that goes on has lost its way.
  static let maximumSeconds = 300

  let rate: Int
  private(set) var samplesRead = 0
  private let channels: Int
  private let worker: String
  /// A frame that was cut by the end of the last piece.
  private var rest = ByteBuffer()

  /// - Parameter rate: 4,000...192,000 Hz.
  /// - Throws: `WorkerError` of kind `.malformed` for anything but 16 bit, mono or stereo.
  init(rate: Int, bytesPerSample: Int, channels: Int, worker: String) throws {
    guard (4000...192_000).contains(rate), bytesPerSample == 2, (1...2).contains(channels) else {
      throw WorkerError(
        .malformed, worker: worker,
        message: "audio of \(rate) Hz, \(bytesPerSample) bytes a sample, \(channels) channels: "
          + "only 16-bit mono or stereo of 4000...192000 Hz can be used")
    }
    self.rate = rate
    self.channels = channels
    self.worker = worker
  }

  /// - Returns: the whole frames so far, nil if there is none. Stereo is mixed down.
  /// - Throws: `WorkerError` of kind `.malformed` after `maximumSeconds`.
  mutating func read(_ bytes: ByteBuffer) throws -> SpeechChunk? {
    if rest.readableBytes == 0 {
      rest = bytes
    } else {
      rest.discardReadBytes()
      rest.writeImmutableBuffer(bytes)
    }
    let count = rest.readableBytes / (2 * channels)
    samplesRead += count
    guard samplesRead <= rate * Self.maximumSeconds else {
      throw WorkerError(
        .malformed, worker: worker, message: "more than \(Self.maximumSeconds) s of audio for one sentence")
    }
    guard count > 0 else { return nil }
    let channels = channels
    let samples = rest.readWithUnsafeReadableBytes { raw in
      let samples = [Int16](unsafeUninitializedCapacity: count) { out, filled in
        for index in 0..<count {
          let frame = index * 2 * channels
          var sum = 0
          for channel in 0..<channels {
            sum += Int(Int16(littleEndian: raw.loadUnaligned(fromByteOffset: frame + 2 * channel, as: Int16.self)))
          }
          out.initializeElement(at: index, to: Int16(truncatingIfNeeded: sum / channels))
        }
        filled = count
      }
      return (count * 2 * channels, samples)
    }
    return .pcm(samples, sampleRate: rate)
  }
}
