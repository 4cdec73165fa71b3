import Audio

/// Says what it is told, frame by frame, then silence.
final class ScriptedDetector: VoiceActivityDetector {
  private var script: ArraySlice<Bool>

  init(_ script: [Bool]) {
    self.script = script[...]
  }

  func isVoiced(frame: UnsafeBufferPointer<Int16>) -> Bool {
    script.popFirst() ?? false
  }
}
