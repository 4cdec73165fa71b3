import Foundation

@testable import Audio

/// SplitMix64: the same numbers for the same seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

func sine(_ frequency: Double, rate: Int, amplitude: Double, count: Int) -> [Int16] {
  (0..<count).map {
    Int16((amplitude * sin(2 * .pi * frequency * Double($0) / Double(rate))).rounded())
  }
}

/// White noise at an RMS level in dBFS.
func noise(_ level: Double, seconds: Double, seed: UInt64 = 1) -> [Int16] {
  var generator = SeededGenerator(seed: seed)
  // The sum of four uniform numbers of 16 bits is nearly normal; its deviation is 65536 / √3.
  let gain = 32768 * pow(10, level / 20) / (65536 / 3.0.squareRoot())
  return (0..<Int(seconds * 16000)).map { _ in
    let bits = generator.next()
    let sum = Int(bits & 0xFFFF) + Int(bits >> 16 & 0xFFFF) + Int(bits >> 32 & 0xFFFF) + Int(bits >> 48)
    return Int16(clamping: Int((Double(sum - 2 * 0xFFFF) * gain).rounded()))
  }
}

func silence(seconds: Double) -> [Int16] {
  [Int16](repeating: 0, count: Int(seconds * 16000))
}

func mix(_ a: [Int16], _ b: [Int16]) -> [Int16] {
  zip(a, b).map { Int16(clamping: Int($0) + Int($1)) }
}

/// Cuts a stream into pieces of 1 to `maximum` samples.
func pieces(_ samples: [Int16], maximum: Int, seed: UInt64) -> [[Int16]] {
  var generator = SeededGenerator(seed: seed)
  var rest = samples[...]
  var result: [[Int16]] = []
  while !rest.isEmpty {
    let piece = rest.prefix(.random(in: 1...maximum, using: &generator))
    result.append(Array(piece))
    rest = rest.dropFirst(piece.count)
  }
  return result
}
