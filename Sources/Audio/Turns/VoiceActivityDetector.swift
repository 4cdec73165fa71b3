/// Tells whether somebody speaks, frame by frame.
public protocol VoiceActivityDetector {
  /// - Parameter frame: The next `VoiceFrame.samples` samples of the stream, without a gap.
  mutating func isVoiced(frame: UnsafeBufferPointer<Int16>) -> Bool
}

/// What a `VoiceActivityDetector` is fed: 20 ms of mono audio at 16 kHz.
public enum VoiceFrame {
  public static let sampleRate = 16_000
  public static let samples = 320
  public static let perSecond = sampleRate / samples
}
