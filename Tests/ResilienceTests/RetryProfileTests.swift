import Testing

@testable import Resilience

@Suite struct RetryProfileTests {
  /// Chance that adds and takes nothing.
  struct Middle: RandomNumberGenerator {
    mutating func next() -> UInt64 { 1 << 63 }
  }

  private func delays(_ profile: RetryProfile, _ random: some RandomNumberGenerator) -> [Double] {
    var random = random
    return (1...10).mapWhilePresent { profile.delay(beforeRetry: $0, using: &random) }
      .map { ($0.inSeconds * 1000).rounded() }
  }

  @Test("the profiles wait as the requirements say")
  func waitsAsRequired() {
    #expect(delays(.standard, Middle()) == [100, 200, 400])
    #expect(delays(.realTime, Middle()) == [50, 100])
    #expect(delays(.batch, Middle()) == [1000, 2000, 4000, 8000, 16_000])
  }

  @Test("no delay is longer than the longest, and jitter stays within a tenth")
  func isBounded() {
    var random = SystemRandomNumberGenerator()
    let profile = RetryProfile(maxRetries: 100, firstDelay: .milliseconds(100), maxDelay: .seconds(1))
    for number in 1...100 {
      let delay = profile.delay(beforeRetry: number, using: &random)!.inSeconds
      let middle = min(0.1 * Double(1 << min(number - 1, 10)), 1)
      #expect(delay >= middle * 0.9 - 1e-9 && delay <= min(middle * 1.1, 1) + 1e-9)
    }
  }

  @Test("chance spreads those who failed together")
  func spreads() {
    var random = SystemRandomNumberGenerator()
    let delays = Set((0..<50).map { _ in RetryProfile.batch.delay(beforeRetry: 1, using: &random) })
    #expect(delays.count > 40)
  }

  @Test("there is no retry before the first and none after the last", arguments: [Int.min, -1, 0, 4, .max])
  func endsAfterTheLast(number: Int) {
    var random = Middle()
    #expect(RetryProfile.standard.delay(beforeRetry: number, using: &random) == nil)
  }

  @Test(
    "odd profiles give finite delays at once",
    arguments: [0, 0.5, 1, -3, 1e300, Double.infinity, -.infinity, .nan])
  func survivesOddMultipliers(multiplier: Double) {
    var random = Middle()
    let profile = RetryProfile(
      maxRetries: .max, firstDelay: .seconds(Int64.max), maxDelay: .seconds(2), multiplier: multiplier)
    for number in [1, 2, 1000, .max] {
      let delay = profile.delay(beforeRetry: number, using: &random)!
      #expect(delay >= .zero && delay <= .seconds(2))
    }
  }

  @Test("the configuration's names name the profiles")
  func hasNames() {
    #expect(RetryProfile(named: "default") == .standard)
    #expect(RetryProfile(named: "real-time") == .realTime)
    #expect(RetryProfile(named: "batch") == .batch)
    #expect(RetryProfile(named: "Batch") == nil)
  }
}

extension Sequence {
  /// The results up to the first nil.
  fileprivate func mapWhilePresent<Result>(_ transform: (Element) -> Result?) -> [Result] {
    var results: [Result] = []
    for element in self {
      guard let result = transform(element) else { break }
      results.append(result)
    }
    return results
  }
}
