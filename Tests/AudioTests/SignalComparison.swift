import Foundation

/// Of a copy that should be equal, in dB.
func signalToNoise(_ signal: [Int16], _ copy: [Int16]) -> Double {
  let power = signal.reduce(0.0) { $0 + Double($1) * Double($1) }
  let error = zip(signal, copy).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
  return 10 * log10(power / max(error, 1))
}

/// How alike a late copy is, 0...1, and by how many samples it is late.
func bestMatch(_ signal: [Int16], _ copy: [Int16], delays: ClosedRange<Int>) -> (correlation: Double, delay: Int) {
  let signal = signal.map(Double.init)
  let copy = copy.map(Double.init)
  let matches = delays.map { delay in
    var product = 0.0
    var signalPower = 0.0
    var copyPower = 0.0
    for index in 0..<max(0, min(signal.count, copy.count - delay)) {
      product += signal[index] * copy[index + delay]
      signalPower += signal[index] * signal[index]
      copyPower += copy[index + delay] * copy[index + delay]
    }
    return (correlation: product / max(1, sqrt(signalPower * copyPower)), delay: delay)
  }
  return matches.max { $0.correlation < $1.correlation }!
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
