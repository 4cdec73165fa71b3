import CWebRTCVAD

/// WebRTC's detector: Gaussian models of speech and noise in six bands from 80 Hz to 4 kHz. It learns a steady
/// noise within a second, whatever its level, and goes on saying "voiced" for up to 140 ms after speech.
public final class WebRTCVoiceActivityDetector: VoiceActivityDetector {
  /// The models start out so that any noise passes for speech in the first 5 frames. A caller who speaks at once
  /// is found this much later, which prefix padding makes up for.
  private static let settlingFrames = 5

  private let handle: OpaquePointer
  private var framesToSettle = settlingFrames

  /// - Parameter mode: 0 (hears the most) to 3 (lets the least noise through).
  public init(mode: Int) {
    precondition((0...3).contains(mode), "WebRTC's VAD has the modes 0 to 3")
    guard let handle = WebRtcVad_Create() else { fatalError("out of memory") }
    self.handle = handle
    WebRtcVad_Init(handle)
    WebRtcVad_set_mode(handle, Int32(mode))
  }

  deinit {
    WebRtcVad_Free(handle)
  }

  public func isVoiced(frame: UnsafeBufferPointer<Int16>) -> Bool {
    let voiced =
      WebRtcVad_Process(handle, Int32(VoiceFrame.sampleRate), frame.baseAddress, frame.count) == 1
    guard framesToSettle == 0 else {
      framesToSettle -= 1
      return false
    }
    return voiced
  }
}
