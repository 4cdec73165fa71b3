import Resilience
import Runtime
import Testing

@Suite struct RollingLimitTests {
  private func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

  @Test("a fresh budget is full, and says what is left and when all of it is back")
  func countsDown() {
    var limit = RollingLimit(perMinute: 120)
    #expect(limit.remaining(at: at(7)) == 120)
    #expect(limit.resetSeconds(at: at(7)) == 0)
    #expect(limit.take(30, at: at(7)) == true)
    #expect(limit.remaining(at: at(7)) == 90)
    #expect(limit.resetSeconds(at: at(7)) == 15)
    #expect(limit.remaining(at: at(12)) == 100)
    #expect(limit.remaining(at: at(22)) == 120)
  }

  @Test("who asks for more than is left gets nothing, and is told when to come back")
  func refusesWhatIsNotLeft() {
    var limit = RollingLimit(perMinute: 60)
    #expect(limit.take(60, at: at(0)) == true)
    #expect(limit.take(1, at: at(0.5)) == false)
    let wait = limit.wait(for: 1, at: at(0.5))
    #expect(wait >= .milliseconds(500) && wait < .milliseconds(501))
    #expect(limit.take(1, at: at(0.5) + wait) == true)
  }

  @Test("what was used already counts, and nothing remains until it is back")
  func carriesDebt() {
    var limit = RollingLimit(perMinute: 60)
    limit.spend(90, at: at(0))
    #expect(limit.remaining(at: at(0)) == 0)
    #expect(limit.resetSeconds(at: at(0)) == 90)
    #expect(limit.take(1, at: at(30)) == false)
    #expect(limit.take(1, at: at(31.5)) == true)
  }

  @Test("over minutes, no more than the budget is given", arguments: [1, 60, 1000])
  func keepsTheRate(perMinute: Int) {
    var limit = RollingLimit(perMinute: perMinute)
    #expect(limit.take(perMinute, at: at(0)) == true)
    let taken = (1...60_000).count { limit.take(1, at: at(Double($0) / 100)) }
    #expect((perMinute * 10 - 1...perMinute * 10).contains(taken))
  }

  @Test("no number makes it trap", arguments: [Int.min, -1, 0, 1, .max])
  func survivesOddNumbers(perMinute: Int) {
    var limit = RollingLimit(perMinute: perMinute)
    for count in [Int.min, -1, 0, 1, .max] {
      for now in [Int64.min, 0, .max] {
        let now = Instant(nanoseconds: now)
        _ = limit.take(count, at: now)
        limit.spend(count, at: now)
        #expect(limit.remaining(at: now) >= 0 && limit.remaining(at: now) <= max(0, perMinute))
        #expect(limit.resetSeconds(at: now).isFinite && limit.resetSeconds(at: now) >= 0)
        #expect(limit.wait(for: count, at: now) >= .zero)
      }
    }
  }
}
