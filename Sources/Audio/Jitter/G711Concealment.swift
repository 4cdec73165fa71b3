/// Makes up lost G.711, which has no way of its own: the last period of the voice again and again, softer and softer
/// (after ITU-T G.711, appendix I, without its overlap at the end).
struct G711Concealment {
  /// At 16 kHz. Full for 10 ms, silent after 60 ms.
  private static let full = 160
  private static let length = 960
  private static let window = 160

  /// Made up since the last packet.
  private var made = 0
  private var period = 0

  mutating func end() {
    made = 0
  }

  /// - Parameter samples: Before them in memory is the signal so far, for `SampleQueue.history` samples.
  mutating func fill(_ samples: UnsafeMutableBufferPointer<Int16>) {
    guard let output = samples.baseAddress else { return }
    if made == 0 {
      period = PitchPeriod(before: output - Self.window, window: Self.window).length
    }
    // Each period comes from the one before it, which is as loud as it was, so the source is found by its place.
    for index in samples.indices {
      let gain = max(0, min(Self.length - Self.full, Self.length - made))
      let before = max(1, min(Self.length - Self.full, Self.length - max(0, made - period)))
      let sample = Int(output[index - period])
      output[index] = made < Self.length ? Int16(clamping: sample * gain / before) : 0
      made += 1
    }
  }
}
