import NIOCore

/// Reads 16-bit PCM of a RIFF/WAVE stream that arrives in pieces. The lengths in the header of a stream are
/// invented, so the audio ends where the stream does.
struct WAVReader {
  private static let maximumHeader = 4096

  private let worker: String
  private var header = ByteBuffer()
  private var pcm: PCMReader?

  init(worker: String) {
    self.worker = worker
  }

  /// - Returns: nil while there is no whole frame.
  /// - Throws: `WorkerError` of kind `.malformed`.
  mutating func read(_ bytes: ByteBuffer) throws -> SpeechChunk? {
    guard pcm == nil else { return try pcm?.read(bytes) }
    header.writeImmutableBuffer(bytes)
    var rest = header
    guard var found = try format(&rest) else {
      guard header.readableBytes <= Self.maximumHeader else { throw malformed("no data chunk") }
      return nil
    }
    let chunk = try found.read(rest)
    pcm = found
    header.clear()
    return chunk
  }

  private func format(_ input: inout ByteBuffer) throws -> PCMReader? {
    guard input.readableBytes >= 12 else { return nil }
    guard input.readString(length: 4) == "RIFF", input.readInteger(as: UInt32.self) != nil,
      input.readString(length: 4) == "WAVE"
    else { throw malformed("no RIFF/WAVE header") }
    var format: PCMReader?
    while let id = input.readString(length: 4), let length = input.readInteger(endianness: .little, as: UInt32.self) {
      if id == "data" {
        guard let format else { throw malformed("data before fmt") }
        return format
      }
      guard length <= Self.maximumHeader else { throw malformed("chunk \(id) of \(length) bytes") }
      guard var body = input.readSlice(length: Int(length)) else { return nil }
      guard id == "fmt " else { continue }
      guard let tag = body.readInteger(endianness: .little, as: UInt16.self), tag == 1,
        let channels = body.readInteger(endianness: .little, as: UInt16.self),
        let rate = body.readInteger(endianness: .little, as: UInt32.self), body.readSlice(length: 6) != nil,
        let bits = body.readInteger(endianness: .little, as: UInt16.self)
      else { throw malformed("no PCM") }
      format = try PCMReader(
        rate: Int(rate), bytesPerSample: Int(bits) / 8, channels: Int(channels), worker: worker)
    }
    return nil
  }

  private func malformed(_ message: String) -> WorkerError {
    WorkerError(.malformed, worker: worker, message: "WAV: \(message)")
  }
}
