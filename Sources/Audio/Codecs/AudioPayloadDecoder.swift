/// Turns a client's payloads into samples for the session. Keeps the stream's state, none before the first payload;
/// a copy shares it, so there should be none. For use by one thread.
public struct AudioPayloadDecoder {
  public let encoding: AudioEncoding
  /// Of the output, in Hz.
  public let sampleRate: Int

  private var resampler: Resampler?
  private var opus: OpusDecoder?

  /// - Parameter sampleRate: One of `Resampler.supportedRates`.
  public init(_ encoding: AudioEncoding, sampleRate: Int) {
    precondition(Resampler.supportedRates.contains(sampleRate))
    self.encoding = encoding
    self.sampleRate = sampleRate
  }

  /// Bytes for a second of audio; `nil` for Opus, where they vary.
  public static func bytesPerSecond(_ encoding: AudioEncoding) -> Int? {
    switch encoding {
    case .pcm: 48_000
    case .mulaw, .alaw: 8000
    case .opus: nil
    }
  }

  /// - Parameter payload: Of any size for PCM and G.711, one packet for Opus. One that is refused changes nothing.
  public mutating func decode(_ payload: [UInt8]) throws(AudioPayloadError) -> [Int16] {
    switch encoding {
    case .pcm:
      guard let samples = PCM16.decode(payload) else { throw .oddByteCount }
      return resample(samples, from: 24_000)
    case .mulaw: return resample(G711.decode(payload, .mu), from: 8000)
    case .alaw: return resample(G711.decode(payload, .a), from: 8000)
    case .opus: return try decodeOpus(payload)
    }
  }

  private mutating func decodeOpus(_ packet: [UInt8]) throws(AudioPayloadError) -> [Int16] {
    let rate = OpusPacket.sampleRates.contains(sampleRate) ? sampleRate : 48_000
    do {
      let decoder = try opus ?? OpusDecoder(sampleRate: rate)
      opus = decoder
      return resample(try decoder.decode(packet), from: rate)
    } catch {
      throw .malformedPacket
    }
  }

  private mutating func resample(_ samples: [Int16], from rate: Int) -> [Int16] {
    guard rate != sampleRate, !samples.isEmpty else { return samples }
    let resampler = self.resampler ?? Resampler.between(rate, sampleRate)
    self.resampler = resampler
    return resampler.process(samples)
  }
}

public enum AudioPayloadError: Error, Equatable {
  /// PCM with half a sample at the end: payloads must have an even number of bytes.
  case oddByteCount
  /// Not one Opus packet of at most `OpusPacket.maximumBytes`.
  case malformedPacket
}
