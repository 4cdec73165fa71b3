import Foundation

/// Of a copy that should be equal, in dB.
func signalToNoise(_ signal: [Int16], _ copy: [Int16]) -> Double {
  let power = signal.reduce(0.0) { $0 + Double($1) * Double($1) }
  let error = zip(signal, copy).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
  return 10 * log10(power / max(error, 1))
}

/// How alike a late copy is, 0...1, and by how many samples it is late.
func bestMatch(_ signal: [Int16], _ copy: [Int16], delays: ClosedRange<Int>) -> (correlation: Double, delay: Int) {
  // Of many, every fourth one with every fourth sample first, which voices are slow enough for.
  let isCoarse = delays.count > 1000
  let matches = stride(from: delays.lowerBound, through: delays.upperBound, by: isCoarse ? 4 : 1).map { delay in
    (correlation: correlation(signal, copy, delay: delay, every: isCoarse ? 4 : 1), delay: delay)
  }
  let best = matches.max { $0.correlation < $1.correlation }!
  guard isCoarse else { return best }
  let near = max(delays.lowerBound, best.delay - 4)...min(delays.upperBound, best.delay + 4)
  return bestMatch(signal, copy, delays: near)
}

private func correlation(_ signal: [Int16], _ copy: [Int16], delay: Int, every step: Int) -> Double {
  signal.withUnsafeBufferPointer { signal in
    copy.withUnsafeBufferPointer { copy in
      var product = 0
      var signalPower = 0
      var copyPower = 0
      var index = 0
      let end = min(signal.count, copy.count - delay)
      while index < end {
        let a = Int(signal[index])
        let b = Int(copy[index + delay])
        product += a * b
        signalPower += a * a
        copyPower += b * b
        index += step
      }
      return Double(product) / max(1, (Double(signalPower) * Double(copyPower)).squareRoot())
    }
  }
}

extension Array {
  func chunks(of size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}

func randomBytes(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
  let words = (0..<(count + 7) / 8).map { _ in generator.next() }
  return words.withUnsafeBytes { Array($0.prefix(count)) }
}
