/// The period at which a signal repeats itself best, of those that voices have.
struct PitchPeriod {
  /// At 16 kHz: 2.5 to 15 ms, 400 to 67 Hz.
  static let range = 40...240

  /// In samples.
  let length: Int
  /// 1 when the signal repeats itself exactly, 0 when it does not.
  let similarity: Float
  /// Whether there is next to nothing to hear: below -60 dBFS.
  let isQuiet: Bool

  /// Compares `window` samples with those a period before them.
  ///
  /// - Parameter samples: Readable from `range.upperBound` before to `window` after.
  init(before samples: UnsafePointer<Int16>, window: Int) {
    self.init(window) { (samples - $0, samples) }
  }

  /// Compares `window` samples with those a period after them.
  ///
  /// - Parameter samples: Readable to `range.upperBound + window` after.
  init(after samples: UnsafePointer<Int16>, window: Int) {
    self.init(window) { (samples, samples + $0) }
  }

  /// Every second period with every second sample first, then the neighbours of the best with all.
  @inline(__always)
  private init(_ window: Int, _ pair: (Int) -> (UnsafePointer<Int16>, UnsafePointer<Int16>)) {
    var best = (length: Self.range.upperBound, similarity: -Float.infinity)
    for length in stride(from: Self.range.lowerBound, through: Self.range.upperBound, by: 2) {
      let (a, b) = pair(length)
      let similarity = Self.similarity(a, b, window, step: 2).value
      if similarity > best.similarity { best = (length, similarity) }
    }
    var energy: Float = 0
    let neighbours = max(Self.range.lowerBound, best.length - 1)...min(Self.range.upperBound, best.length + 1)
    best.similarity = -.infinity
    for length in neighbours {
      let (a, b) = pair(length)
      let similarity = Self.similarity(a, b, window, step: 1)
      energy = max(energy, similarity.energy)
      if similarity.value > best.similarity { best = (length, similarity.value) }
    }
    length = best.length
    similarity = best.similarity
    isQuiet = energy < Float(window) * 32 * 32
  }

  /// The normalised cross-correlation, and the larger energy.
  private static func similarity(
    _ a: UnsafePointer<Int16>, _ b: UnsafePointer<Int16>, _ window: Int, step: Int
  ) -> (value: Float, energy: Float) {
    // 240 products of 30 bits each do not fit into 32 bits, so samples lose their lowest three bits.
    var product: Int32 = 0
    var energyA: Int32 = 0
    var energyB: Int32 = 0
    var index = 0
    while index < window {
      let x = Int32(a[index]) >> 3
      let y = Int32(b[index]) >> 3
      product &+= (x &* y) >> 2
      energyA &+= (x &* x) >> 2
      energyB &+= (y &* y) >> 2
      index += step
    }
    let energy = Float(max(energyA, energyB)) * 256
    guard energyA > 0, energyB > 0 else { return (0, energy) }
    return (Float(product) / (Float(energyA) * Float(energyB)).squareRoot(), energy)
  }
}
