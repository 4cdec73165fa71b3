extension SampleQueue {
  /// Of the comparison, in samples.
  private static let window = 160
  static let samplesToShorten = PitchPeriod.range.upperBound + window

  /// Leaves out one period of the voice.
  ///
  /// - Parameter similarity: That a period must have with the one after it, so that the cut is not heard; quiet
  ///   places have no such need.
  /// - Returns: Samples that are fewer now, at most 240.
  mutating func shorten(similarity: Float) -> Int {
    guard let front, count >= Self.samplesToShorten else { return 0 }
    let period = PitchPeriod(after: front, window: Self.window)
    guard period.isQuiet || period.similarity >= similarity else { return 0 }
    let length = period.length
    let overlap = min(length, Self.window)
    for index in 0..<overlap {
      front[index] = Self.mix(front[index], front[length + index], index, overlap)
    }
    (front + overlap).update(from: front + overlap + length, count: count - overlap - length)
    changed(by: -length)
    return length
  }

  /// Says the last period of the voice again.
  ///
  /// - Returns: Samples that are more now, at most 240.
  mutating func lengthen(similarity: Float) -> Int {
    guard count >= Self.window, count <= 1280 else { return 0 }
    let room = room(for: PitchPeriod.range.upperBound)
    guard let front, room.count > 0 else { return 0 }
    let period = PitchPeriod(before: front, window: Self.window)
    guard period.isQuiet || period.similarity >= similarity else { return 0 }
    let length = period.length
    let overlap = min(length, Self.window)
    (front + length).update(from: front, count: count)
    for index in 0..<overlap {
      front[index] = Self.mix(front[length + index], front[index - length], index, overlap)
    }
    if overlap < length { (front + overlap).update(from: front + overlap - length, count: length - overlap) }
    changed(by: length)
    return length
  }

  /// From one signal to another.
  private static func mix(_ from: Int16, _ to: Int16, _ index: Int, _ length: Int) -> Int16 {
    Int16((Int(from) * (length - index) + Int(to) * index) / length)
  }
}
