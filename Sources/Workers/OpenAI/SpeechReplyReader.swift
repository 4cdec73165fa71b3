import NIOCore
import VivaConfiguration

/// Makes speech of the body of a reply to `POST /audio/speech`, which may be in another format than was asked for:
/// Ogg Opus and WAV are known by their first bytes.
struct SpeechReplyReader {
  private enum Format {
    case pcm(PCMReader)
    case wav(WAVReader)
    case opus(OggOpusSpeech)
  }

  private let worker: String
  private let acceptsOpus: Bool
  /// What bytes are taken for that are neither Ogg nor WAV; nil where those were asked for.
  private let pcm: PCMReader?
  private var head = ByteBuffer()
  private var format: Format?
  private(set) var hasAudio = false

  /// - Parameters:
  ///   - contentType: Of the reply.
  ///   - sampleRate: Of bare samples, unless the content type tells it.
  ///   - acceptsOpus: Opus packets are passed on as they are, where that is possible.
  /// - Throws: `WorkerError` of kind `.malformed` where the content type tells that this is nothing to be played.
  init(
    contentType: String?, asked: ProviderSettings.AudioResponse, sampleRate: Int, acceptsOpus: Bool, worker: String
  ) throws {
    self.worker = worker
    self.acceptsOpus = acceptsOpus
    let type = MediaType(contentType ?? "")
    // Played as bare samples these would be noise.
    guard !type.isUnplayable else {
      throw WorkerError(.malformed, worker: worker, message: "answered with \(type.name) instead of \(asked.rawValue)")
    }
    // In little-endian order whatever the type: RFC 2586 has audio/L16 the other way round, the servers have not.
    pcm =
      asked == .pcm
      ? try PCMReader(
        rate: type.integer("rate") ?? sampleRate, bytesPerSample: 2, channels: type.integer("channels") ?? 1,
        worker: worker)
      : nil
  }

  /// - Throws: `WorkerError` of kind `.malformed`.
  mutating func read(_ bytes: ByteBuffer) throws -> [SpeechChunk] {
    guard format == nil else { return try readAudio(bytes) }
    head.writeImmutableBuffer(bytes)
    guard head.readableBytes >= 4 else { return [] }
    format = try recognize()
    return try readAudio(head)
  }

  private func recognize() throws -> Format {
    switch head.getString(at: head.readerIndex, length: 4) {
    case "OggS": return .opus(OggOpusSpeech(passesOn: acceptsOpus, worker: worker))
    case "RIFF": return .wav(WAVReader(worker: worker))
    default:
      guard let pcm else { throw WorkerError(.malformed, worker: worker, message: "neither WAV nor Ogg") }
      return .pcm(pcm)
    }
  }

  private mutating func readAudio(_ bytes: ByteBuffer) throws -> [SpeechChunk] {
    var chunks: [SpeechChunk] = []
    switch format {
    case .pcm(var reader):
      chunks += [try reader.read(bytes)].compactMap(\.self)
      format = .pcm(reader)
    case .wav(var reader):
      chunks += [try reader.read(bytes)].compactMap(\.self)
      format = .wav(reader)
    case .opus(var reader):
      chunks = try reader.read(bytes)
      format = .opus(reader)
    case nil: break
    }
    hasAudio = hasAudio || !chunks.isEmpty
    return chunks
  }
}
