import Audio
import Foundation
import Testing

@Suite struct ResamplerTests {
  static let rates = [
    (22050, 24000), (22050, 16000), (24000, 16000), (16000, 24000), (8000, 48000), (48000, 8000),
    (44100, 16000),
    (11025, 24000),
  ]

  @Test(arguments: rates)
  func keepsTheLengthToTheSample(from: Int, to: Int) throws {
    for count in [0, 1, 2, 7, 160, 441, 4801, 22050, 100_003] {
      let resampler = try Resampler(from: from, to: to)
      let output = resampler.process(sine(200, rate: from, amplitude: 9000, count: count)) + resampler.drain()
      let expected = Int((Double(count) * Double(to) / Double(from)).rounded())
      #expect(abs(output.count - expected) <= 1, "\(count) samples")
    }
  }

  @Test(arguments: rates)
  func piecesMakeNoDifference(from: Int, to: Int) throws {
    var generator = SeededGenerator(seed: 3)
    let input = (0..<from).map { _ in Int16.random(in: .min ... .max, using: &generator) }
    let resampler = try Resampler(from: from, to: to)
    let whole = resampler.process(input) + resampler.drain()

    for seed in 1...4 as ClosedRange<UInt64> {
      let resampler = try Resampler(from: from, to: to)
      var joined: [Int16] = []
      for piece in pieces(input, maximum: seed == 1 ? 3 : 3000, seed: seed) {
        piece.withUnsafeBufferPointer { resampler.process($0, appendingTo: &joined) }
      }
      #expect(joined + resampler.drain() == whole)
    }
  }

  @Test(arguments: rates)
  func keepsFrequencyLoudnessAndTimeOfATone(from: Int, to: Int) throws {
    let frequency = 997.0
    let resampler = try Resampler(from: from, to: to)
    let output =
      resampler.process(sine(frequency, rate: from, amplitude: 16000, count: from)) + resampler.drain()

    // Against the tone as it should be: any change of frequency, phase or amplitude leaves a residue.
    let ideal = sine(frequency, rate: to, amplitude: 16000, count: output.count)
    let middle = to / 10..<output.count - to / 10
    let residue = middle.reduce(0.0) { $0 + pow(Double(output[$1]) - Double(ideal[$1]), 2) }
    let error = 20 * log10(sqrt(residue / Double(middle.count)) / (16000 / 2.0.squareRoot()))
    #expect(error < -30, "residue \(error) dB")
  }

  @Test func saturatesAtFullScaleInsteadOfWrapping() throws {
    let square = (0..<24000).map { $0 / 30 % 2 == 0 ? Int16.max : Int16.min }
    let resampler = try Resampler(from: 24000, to: 16000)
    let output = resampler.process(square) + resampler.drain()
    for index in 40..<output.count - 40 {
      // In the middle of each half wave, where the sign is beyond doubt.
      if (8...11).contains(index % 40 % 20) {
        #expect((index % 40 < 20) == (output[index] > 20000), "sample \(index): \(output[index])")
      }
    }
  }

  @Test func passesEqualRatesThrough() throws {
    let resampler = try Resampler(from: 24000, to: 24000)
    let input: [Int16] = [1, -2, .max, .min]
    #expect(resampler.process(input) == input)
    #expect(resampler.drain().isEmpty)
  }

  @Test func isAsNewAfterADrain() throws {
    let resampler = try Resampler(from: 22050, to: 24000)
    let input = sine(440, rate: 22050, amplitude: 12000, count: 5000)
    let first = resampler.process(input) + resampler.drain()
    #expect(resampler.process(input) + resampler.drain() == first)
  }

  @Test(arguments: [(7999, 16000), (16000, 48001), (0, 16000), (-1, 16000), (16000, .max)])
  func refusesRatesOutOfRange(from: Int, to: Int) {
    #expect(throws: ResamplerError.self) { try Resampler(from: from, to: to) }
  }

  @Test func refusesAQualityOutOfRange() {
    #expect(throws: ResamplerError.unsupportedQuality(11)) {
      try Resampler(from: 8000, to: 16000, quality: 11)
    }
  }
}
