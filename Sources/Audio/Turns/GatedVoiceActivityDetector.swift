/// An energy gate and WebRTC's detector, both of which must agree: the gate cuts what is quiet and WebRTC's long
/// tail, WebRTC cuts what is loud but not speech.
///
/// The `threshold` of OpenAI's `server_vad` sets both. From 0 to 1, the gate's minimum goes from -73 to -43 dBFS and
/// its margin over the noise floor from 3 to 9 dB, both linearly; WebRTC's mode is 0 below 0.25, 1 below 0.5, 2 below
/// 0.75, else 3. So the default of 0.5 wants -58 dBFS, 6 dB above the noise, in mode 2.
public final class GatedVoiceActivityDetector: VoiceActivityDetector {
  private var gate: EnergyGate
  private let detector: WebRTCVoiceActivityDetector

  /// - Parameter threshold: 0...1; values outside are taken as the nearer end.
  public init(threshold: Double) {
    let threshold = min(max(0, threshold), 1)
    gate = EnergyGate(minimum: -73 + 30 * threshold, margin: 3 + 6 * threshold)
    detector = WebRTCVoiceActivityDetector(mode: min(Int(threshold * 4), 3))
  }

  public func isVoiced(frame: UnsafeBufferPointer<Int16>) -> Bool {
    let isLoud = gate.isVoiced(frame: frame)
    // Asked about quiet frames too: they are how it learns the noise.
    let isSpeech = detector.isVoiced(frame: frame)
    return isLoud && isSpeech
  }
}
