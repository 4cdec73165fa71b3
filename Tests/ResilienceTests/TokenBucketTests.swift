import Resilience
import Runtime
import Testing

@Suite struct TokenBucketTests {
  private func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

  @Test("a full bucket gives its burst at once, and then its rate")
  func givesBurstThenRate() {
    var bucket = TokenBucket(rate: 10, burst: 3, at: at(0))
    #expect((0..<4).map { _ in bucket.take(1, at: at(0)) } == [true, true, true, false])
    #expect(bucket.take(1, at: at(0.09)) == false)
    #expect(bucket.take(1, at: at(0.11)) == true)
    #expect(bucket.take(1, at: at(0.11)) == false)
    let taken = (0..<1000).count { bucket.take(1, at: at(1 + Double($0) / 100)) }
    #expect((101...104).contains(taken))
  }

  @Test("it never holds more than its burst")
  func neverOverflows() {
    var bucket = TokenBucket(rate: 10, burst: 3, at: at(0))
    #expect(bucket.available(at: at(1e6)) == 3)
    #expect(bucket.take(3, at: at(1e6)) == true)
    #expect(bucket.take(0.5, at: at(1e6)) == false)
  }

  @Test("what was spent in advance must be refilled first")
  func carriesDebt() {
    var bucket = TokenBucket(rate: 2, burst: 4, at: at(0))
    bucket.spend(10, at: at(0))
    #expect(bucket.available(at: at(0)) == -6)
    let wait = bucket.wait(for: 0, at: at(0))
    #expect(wait >= .seconds(3) && wait < .seconds(3.001))
    #expect(bucket.take(0, at: at(2.9)) == false)
    #expect(bucket.take(0, at: at(3.001)) == true)
  }

  @Test("who waits as long as told is let through, and not much later than need be", arguments: 0..<UInt64(20))
  func waitsAreRight(seed: UInt64) {
    var random = Seeded(state: seed)
    let rate = Double.random(in: 0.1...1e6, using: &random)
    let burst = Double.random(in: 1...1e6, using: &random)
    var now = at(Double.random(in: 0...1e7, using: &random))
    var bucket = TokenBucket(rate: rate, burst: burst, at: now)
    for _ in 0..<200 {
      let amount = Double.random(in: 0...burst, using: &random)
      let wait = bucket.wait(for: amount, at: now)
      if wait > .microseconds(1) {
        var early = bucket
        let tooEarly = now + wait * 0.99
        #expect(early.take(amount, at: tooEarly) == false)
      }
      now = now + wait
      #expect(bucket.take(amount, at: now) == true)
    }
  }

  @Test("what will never fit waits the longest")
  func saysNever() {
    let bucket = TokenBucket(rate: 1, burst: 5, at: at(0))
    #expect(bucket.wait(for: 6, at: at(0)) == TokenBucket.longestWait)
    var dry = TokenBucket(rate: 0, burst: 5, at: at(0))
    #expect(dry.take(5, at: at(0)) == true)
    #expect(dry.wait(for: 1, at: at(0)) == TokenBucket.longestWait)
  }

  @Test("a clock that goes back gives nothing and takes nothing")
  func survivesAClockThatGoesBack() {
    var bucket = TokenBucket(rate: 1, burst: 5, at: at(10))
    #expect(bucket.take(5, at: at(10)) == true)
    #expect(bucket.take(1, at: at(5)) == false)
    #expect(bucket.take(1, at: at(10.5)) == false)
    #expect(bucket.take(1, at: at(11)) == true)
  }

  private static let odd: [Double] = [
    .nan, .signalingNaN, .infinity, -.infinity, -1, 0, 5e-324, 1e-9, 1, 1e15, 1e300, .greatestFiniteMagnitude,
  ]

  @Test("no number makes it trap or give what is not there", arguments: odd, odd)
  func survivesOddNumbers(rate: Double, burst: Double) {
    for amount in Self.odd {
      var bucket = TokenBucket(rate: rate, burst: burst, at: Instant(nanoseconds: .min))
      for now in [Int64.min, -1, 0, .max] {
        let now = Instant(nanoseconds: now)
        let wait = bucket.wait(for: amount, at: now)
        #expect(wait >= .zero && wait <= TokenBucket.longestWait)
        _ = bucket.take(amount, at: now)
        bucket.spend(amount, at: now)
        #expect(bucket.available(at: now).isFinite)
        #expect(bucket.available(at: now) <= max(0, burst))
      }
      #expect(bucket.take(.nan, at: Instant(nanoseconds: .max)) == false)
    }
  }
}

/// Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (2014).
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
