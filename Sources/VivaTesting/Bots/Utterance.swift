import Audio

/// A sentence that a bot can say: audio and what was said in it.
public struct Utterance: Sendable {
  /// The loudest that still counts as silence around the speech.
  private static let silence = 100

  /// 24 kHz mono.
  public var samples: [Int16]
  public var transcript: String

  public var milliseconds: Int { samples.count / 24 }

  public init(samples: [Int16], transcript: String) {
    self.samples = samples
    self.transcript = transcript
  }

  /// Resamples a recording to the protocol's 24 kHz. Silence at its end is cut off, for the latency of an answer counts
  /// from the last sample of speech: espeak-ng appends 360 ms.
  public init(_ recording: WAVFile, transcript: String) throws {
    let resampler = try Resampler(from: recording.sampleRate, to: 24_000)
    let whole = resampler.process(recording.samples) + resampler.drain()
    let end = whole.lastIndex { abs(Int($0)) > Self.silence }.map { $0 + 1 } ?? whole.count
    samples = Array(whole[..<end])
    self.transcript = transcript
  }
}
