extension TurnDetector {
  /// The fields of OpenAI's `server_vad`, a limit, and when a silence is told before it ends the turn. Values out of range count as the nearest one in it.
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
    /// Silence after which `TurnEvent.paused` is sent, if it does not end the turn; 20...5000, in steps of 20, or `nil`
    /// for never.
    public var pauseMilliseconds: Int?

    public init(
      threshold: Double = 0.5, prefixPaddingMilliseconds: Int = 300,
      silenceDurationMilliseconds: Int = 500, maximumTurnMilliseconds: Int = 60_000,
      pauseMilliseconds: Int? = nil
    ) {
      self.threshold = threshold
      self.prefixPaddingMilliseconds = prefixPaddingMilliseconds
      self.silenceDurationMilliseconds = silenceDurationMilliseconds
      self.maximumTurnMilliseconds = maximumTurnMilliseconds
      self.pauseMilliseconds = pauseMilliseconds
    }

    var prefixSamples: Int { Self.samples(prefixPaddingMilliseconds, 0...5000) }
    var silenceSamples: Int { Self.samples(silenceDurationMilliseconds, 20...10_000) }
    var maximumTurnSamples: Int { Self.samples(maximumTurnMilliseconds, 1000...3_600_000) }
    var pauseSamples: Int? { pauseMilliseconds.map { Self.samples($0, 20...5000) } }

    private static func samples(_ milliseconds: Int, _ range: ClosedRange<Int>) -> Int {
      min(max(milliseconds, range.lowerBound), range.upperBound) * samplesPerMillisecond
    }
  }
}
