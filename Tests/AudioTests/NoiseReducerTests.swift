import Testing

@testable import Audio

@Suite struct NoiseReducerTests {
  @Test("every piece comes back with as many samples, and how it was cut makes no difference")
  func count() {
    let input = noise(-30, seconds: 2)
    let whole = NoiseReducer(strength: 0.5).process(input)
    #expect(whole.count == input.count)
    for seed in 1...3 as ClosedRange<UInt64> {
      let reducer = NoiseReducer(strength: 0.5)
      var joined: [Int16] = []
      for piece in pieces(input, maximum: seed == 1 ? 10 : 2000, seed: seed) {
        let output = reducer.process(piece)
        #expect(output.count == piece.count)
        joined += output
      }
      #expect(joined == whole)
    }
    #expect(NoiseReducer(strength: 0.5).process([]) == [])
  }

  @Test("steady noise sinks by the strength", arguments: [(0, -1.0...1), (0.5, 12.0...22), (1, 25.0...45)])
  func noiseSinks(strength: Double, decibels: ClosedRange<Double>) {
    let output = NoiseReducer(strength: strength).process(noise(-40, seconds: 5))
    #expect(
      decibels.contains(-40 - PCM16.level(of: Array(output.suffix(32_000)))),
      "\(PCM16.level(of: Array(output.suffix(32_000))))")
  }

  @Test("speech in noise comes out cleaner, and as late as said")
  func speechStays() throws {
    let speech =
      try silence(seconds: 1) + Speech.espeak("Please tell me how you handled failure.").scaled(to: -20)
    let noisy = mix(speech, noise(-40, seconds: 10))
    let output = NoiseReducer(strength: 0.5).process(noisy + silence(seconds: 0.1))
    let match = bestMatch(speech, output, delays: 600...680)
    #expect(match.delay == NoiseReducer.delaySamples)
    #expect(match.correlation > 0.95)
  }

  @Test("digital silence, full scale and any strength are safe", arguments: [-1, 0, 2, .infinity, .nan])
  func extremes(strength: Double) {
    let reducer = NoiseReducer(strength: strength)
    #expect(reducer.process(silence(seconds: 0.5)).allSatisfy { $0 == 0 })
    #expect(reducer.process((0..<16_000).map { $0 / 9 % 2 == 0 ? .max : .min }).count == 16_000)
  }
}
