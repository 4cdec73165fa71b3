import Audio
import NIOCore

/// Makes speech of an Ogg Opus stream (RFC 7845): its packets as they are for a listener who takes Opus, if they are
/// mono and no longer than 60 ms, and samples otherwise.
///
/// Of the pre-skip, which is not to be heard, whole packets are left out when they are passed on; the rest of it, less
/// than a packet (6.5 ms from libopus), and the padding of the last packet stay.
struct OggOpusSpeech {
  private static let sampleRate = 48_000
  private static let longestPacket = sampleRate * 60 / 1000

  private let passesOn: Bool
  private let worker: String
  private let ogg = OggOpusReader()
  /// Set once the packets turn out to need decoding.
  private var decoder: OpusDecoder?
  private var packetsRead = 0
  /// At 48 kHz, the pre-skip included.
  private var samplesRead = 0
  /// Of the pre-skip, what is still to come.
  private var skip = 0

  init(passesOn: Bool, worker: String) {
    self.passesOn = passesOn
    self.worker = worker
  }

  /// - Throws: `WorkerError` of kind `.malformed`.
  mutating func read(_ bytes: ByteBuffer) throws -> [SpeechChunk] {
    do {
      return try ogg.read(Array(bytes.readableBytesView)).compactMap { try read($0) }
    } catch let error as WorkerError {
      throw error
    } catch {
      throw malformed("\(error)")
    }
  }

  private mutating func read(_ packet: [UInt8]) throws -> SpeechChunk? {
    guard let duration = OpusPacket.duration(packet, at: Self.sampleRate) else { throw malformed("no Opus packet") }
    samplesRead += duration
    guard samplesRead <= Self.sampleRate * PCMReader.maximumSeconds else {
      throw malformed("more than \(PCMReader.maximumSeconds) s of audio for one sentence")
    }
    let canPassOn = passesOn && ogg.channels == 1 && !OpusPacket.isStereo(packet) && duration <= Self.longestPacket
    if packetsRead == 0 {
      skip = ogg.preSkip ?? 0
      if !canPassOn { decoder = try OpusDecoder(sampleRate: Self.sampleRate) }
    }
    packetsRead += 1
    if let decoder { return decoded(try decoder.decode(packet)) }

    guard canPassOn else { throw malformed("packets turn from mono into stereo, or become longer than 60 ms") }
    guard skip < duration else {
      skip -= duration
      return nil
    }
    skip = 0
    return .opus(packet)
  }

  private mutating func decoded(_ samples: [Int16]) -> SpeechChunk? {
    let heard = samples.dropFirst(skip)
    skip -= samples.count - heard.count
    return heard.isEmpty ? nil : .pcm(Array(heard), sampleRate: Self.sampleRate)
  }

  private func malformed(_ message: String) -> WorkerError {
    WorkerError(.malformed, worker: worker, message: "Ogg Opus: \(message)")
  }
}
