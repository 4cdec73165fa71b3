import Audio
import Testing

@Suite struct TimeStretcherTests {
  private static let speeds = [0.25, 0.5, 0.8, 0.99, 1, 1.1, 1.5, 2, 3, 4]

  private func stretch(_ input: [[Int16]], _ speed: Double, rate: Int = 24_000) -> [Int16] {
    let stretcher = TimeStretcher(sampleRate: rate, speed: speed)
    return input.flatMap { stretcher.process($0) } + stretcher.drain()
  }

  @Test("the length changes by the speed", arguments: speeds, [8000, 16_000, 24_000])
  func length(speed: Double, rate: Int) throws {
    let speech = try Speech.espeak("The quick brown fox jumps over the lazy dog.").samples
    let output = stretch(pieces(speech, maximum: 2000, seed: 1), speed, rate: rate)
    let expected = Double(speech.count) / speed
    #expect(abs(Double(output.count) - expected) < expected * 0.05, "\(output.count), not \(expected)")
  }

  @Test("the pitch is kept", arguments: speeds)
  func pitch(speed: Double) {
    let output = stretch([sine(200, rate: 24_000, amplitude: 9000, count: 48_000)], speed)
    let rises = zip(output, output.dropFirst()).count { $0 < 0 && $1 >= 0 }
    let frequency = Double(rises) / (Double(output.count) / 24_000)
    #expect(abs(frequency - 200) < 10, "\(frequency) Hz")
  }

  @Test("pieces make no difference", arguments: [0.7, 1.5])
  func anyPieces(speed: Double) throws {
    let speech = try Speech.espeak("Tell me more.").samples
    #expect(stretch(pieces(speech, maximum: 700, seed: 4), speed) == stretch([speech], speed))
  }

  @Test("speed 1 changes nothing")
  func passesThrough() {
    let stretcher = TimeStretcher(sampleRate: 24_000, speed: 1)
    #expect(stretcher.process([1, 2, .min]) == [1, 2, .min])
    #expect(stretcher.drain() == [])
  }

  @Test("speeds out of range count as the nearest in it", arguments: [(-1, 0.25), (9, 4), (.infinity, 4), (.nan, 1)])
  func clamps(_ speed: (asked: Double, used: Double)) {
    #expect(TimeStretcher(sampleRate: 24_000, speed: speed.asked).speed == speed.used)
  }
}
