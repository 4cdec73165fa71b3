extension TurnDetector {
  /// The fields of OpenAI's `server_vad`, and a limit. Values out of range count as the nearest one in it.
  public struct Configuration: Sendable, Equatable {
    static let samplesPerMillisecond = VoiceFrame.sampleRate / 1000

    /// 0...1; see `GatedVoiceActivityDetector`.
    public var threshold: Double
    /// Audio from before the first voiced sample which belongs to the turn; 0...5000.
    public var prefixPaddingMilliseconds: Int
    /// Silence which ends a turn, and belongs to it; 20...10000, in steps of 20.
    public var silenceDurationMilliseconds: Int
    /// A turn is cut when it is this long, padding included; 1000...3600000, in steps of 20.
    public var maximumTurnMilliseconds: Int

    public init(
      threshold: Double = 0.5, prefixPaddingMilliseconds: Int = 300,
      silenceDurationMilliseconds: Int = 500, maximumTurnMilliseconds: Int = 60_000
    ) {
      self.threshold = threshold
      self.prefixPaddingMilliseconds = prefixPaddingMilliseconds
      self.silenceDurationMilliseconds = silenceDurationMilliseconds
      self.maximumTurnMilliseconds = maximumTurnMilliseconds
    }

    var prefixSamples: Int { Self.samples(prefixPaddingMilliseconds, 0...5000) }
    var silenceSamples: Int { Self.samples(silenceDurationMilliseconds, 20...10_000) }
    var maximumTurnSamples: Int { Self.samples(maximumTurnMilliseconds, 1000...3_600_000) }

    private static func samples(_ milliseconds: Int, _ range: ClosedRange<Int>) -> Int {
      min(max(milliseconds, range.lowerBound), range.upperBound) * samplesPerMillisecond
    }
  }
}
