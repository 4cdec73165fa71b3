/// Decoded samples at 16 kHz that wait for their tick, and behind them the last ones given out. Memory is taken with
/// the first samples.
struct SampleQueue: ~Copyable {
  /// Samples given out that are remembered: 30 ms, two periods of the lowest voice.
  static let history = 480
  /// Two packets of 120 ms and what is left of a tick.
  private static let capacity = history + 2 * 1920 + 1280
  /// 5 ms, over which a step in the signal is smoothed away.
  private static let joinLength = 80

  private var storage: UnsafeMutablePointer<Int16>?
  private var start = SampleQueue.history
  private(set) var count = 0
  /// Up to here the waiting samples are worth hearing.
  private(set) var audible = 0
  /// What comes next does not follow on what came last.
  var isBroken = false

  deinit {
    storage?.deallocate()
  }

  /// The first waiting sample; those of the history are before it.
  var front: UnsafeMutablePointer<Int16>? { storage.map { $0 + start } }

  /// Whether nothing waits, and the last sample given out was zero.
  var isQuiet: Bool { count == 0 && (front.map { $0[-1] == 0 } ?? true) }

  /// Room for up to 120 ms after the last sample.
  mutating func room(for samples: Int) -> UnsafeMutableBufferPointer<Int16> {
    precondition(samples <= 1920 && count <= 1920 + 640)
    let storage = self.storage ?? make()
    if start + count + samples > Self.capacity { moveToFront(storage) }
    return UnsafeMutableBufferPointer(start: storage + start + count, count: samples)
  }

  /// The samples that were written into the last `room(for:)`.
  mutating func append(_ samples: Int) {
    guard let front, samples > 0 else { return }
    if isBroken { join(front + count, samples) }
    isBroken = false
    count += samples
    audible = count
  }

  mutating func appendSilence(_ samples: Int) {
    guard samples > 0 else { return }
    room(for: samples).update(repeating: 0)
    guard let front else { return }
    let wasAudible = audible
    let last = front[count - 1]
    if last != 0 { join(front + count, samples) }
    // The next sound begins softly.
    isBroken = true
    audible = last == 0 ? wasAudible : count + min(samples, Self.joinLength)
    count += samples
  }

  /// Makes the end of the waiting samples, what was appended last, die away.
  mutating func fadeOut(_ samples: Int) {
    guard let front else { return }
    let samples = min(samples, count)
    for index in 0..<samples {
      let place = count - samples + index
      front[place] = Int16(Int(front[place]) * (samples - 1 - index) / samples)
    }
  }

  /// Gives out as many samples as there is room; zeros where there are none.
  /// - Returns: Whether any is worth hearing.
  mutating func take(into output: UnsafeMutableBufferPointer<Int16>) -> Bool {
    let taken = min(output.count, count)
    if let front, taken > 0 { output.baseAddress!.update(from: front, count: taken) }
    if taken < output.count { (output.baseAddress! + taken).update(repeating: 0, count: output.count - taken) }
    start += taken
    count -= taken
    let isAudible = audible > 0
    audible = max(0, audible - taken)
    return isAudible
  }

  /// The waiting samples have become fewer or more, in place.
  mutating func changed(by samples: Int) {
    count += samples
    audible = min(count, max(0, audible + samples))
  }

  /// Moves the first sample after a break to where the last one was, and the difference away over the next 5 ms.
  private func join(_ samples: UnsafeMutablePointer<Int16>, _ count: Int) {
    let length = min(count, Self.joinLength)
    let step = Int(samples[-1]) - Int(samples[0])
    for index in 0..<length {
      samples[index] = Int16(clamping: Int(samples[index]) + step * (length - index) / length)
    }
  }

  private mutating func moveToFront(_ storage: UnsafeMutablePointer<Int16>) {
    storage.update(from: storage + start - Self.history, count: Self.history + count)
    start = Self.history
  }

  private mutating func make() -> UnsafeMutablePointer<Int16> {
    let made = UnsafeMutablePointer<Int16>.allocate(capacity: Self.capacity)
    made.initialize(repeating: 0, count: Self.capacity)
    storage = made
    return made
  }
}
