import Audio

/// A sentence that a bot can say: audio and what was said in it.
public struct Utterance: Sendable {
  /// 24 kHz mono.
  public var samples: [Int16]
  public var transcript: String

  public var milliseconds: Int { samples.count / 24 }

  public init(samples: [Int16], transcript: String) {
    self.samples = samples
    self.transcript = transcript
  }

  /// Resamples a recording to the protocol's 24 kHz.
  public init(_ recording: WAVFile, transcript: String) throws {
    let resampler = try Resampler(from: recording.sampleRate, to: 24_000)
    samples = resampler.process(recording.samples) + resampler.drain()
    self.transcript = transcript
  }
}
