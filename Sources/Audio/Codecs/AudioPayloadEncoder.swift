/// Turns a session's samples into payloads for the client. Keeps the stream's state, none before the first sample and
/// after `finish()`; a copy shares it, so there should be none. For use by one thread.
public struct AudioPayloadEncoder {
  public let encoding: AudioEncoding
  /// Of the input, in Hz.
  public let sampleRate: Int

  private let complexity: Int
  private var resampler: Resampler?
  private var opus: OpusEncoder?
  /// Less than an Opus frame.
  private var pending: [Int16] = []

  /// - Parameters:
  ///   - sampleRate: One of `Resampler.supportedRates`.
  ///   - complexity: Of the Opus encoder, 0 (fastest) to 10 (best); values outside are taken as the nearer end.
  public init(_ encoding: AudioEncoding, sampleRate: Int, complexity: Int = 5) {
    precondition(Resampler.supportedRates.contains(sampleRate))
    self.encoding = encoding
    self.sampleRate = sampleRate
    self.complexity = min(max(0, complexity), 10)
  }

  /// The payloads that are ready: at most one for PCM and G.711, for Opus one packet for each 20 ms. A packet which
  /// libopus fails to make is left out.
  public mutating func encode(_ samples: [Int16]) -> [[UInt8]] {
    guard !samples.isEmpty else { return [] }
    return pack(resample(samples))
  }

  /// The end of an utterance: what is still held, for Opus filled up with silence to a packet. Opus lags 6.5 ms
  /// behind, which are lost at the end. Afterwards the encoder is as new.
  public mutating func finish() -> [[UInt8]] {
    var payloads = pack(resampler?.drain() ?? [])
    if let opus, !pending.isEmpty {
      payloads += pack([Int16](repeating: 0, count: opus.frameSamples - pending.count))
    }
    self = Self(encoding, sampleRate: sampleRate, complexity: complexity)
    return payloads
  }

  private var outputRate: Int {
    switch encoding {
    case .pcm, .opus: 24_000
    case .mulaw, .alaw: 8000
    }
  }

  private mutating func resample(_ samples: [Int16]) -> [Int16] {
    guard sampleRate != outputRate else { return samples }
    let resampler = self.resampler ?? Resampler.between(sampleRate, outputRate)
    self.resampler = resampler
    return resampler.process(samples)
  }

  private mutating func pack(_ samples: [Int16]) -> [[UInt8]] {
    guard !samples.isEmpty else { return [] }
    switch encoding {
    case .pcm: return [PCM16.encode(samples)]
    case .mulaw: return [G711.encode(samples, .mu)]
    case .alaw: return [G711.encode(samples, .a)]
    case .opus: return packOpus(samples)
    }
  }

  private mutating func packOpus(_ samples: [Int16]) -> [[UInt8]] {
    guard let opus = try? self.opus ?? OpusEncoder(sampleRate: outputRate, complexity: complexity) else { return [] }
    self.opus = opus
    pending += samples
    let whole = pending.count - pending.count % opus.frameSamples
    let packets = stride(from: 0, to: whole, by: opus.frameSamples).compactMap { start in
      try? opus.encode(Array(pending[start..<start + opus.frameSamples]))
    }
    pending.removeFirst(whole)
    return packets
  }
}
