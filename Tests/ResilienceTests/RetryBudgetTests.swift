import Resilience
import Runtime
import Testing

@Suite struct RetryBudgetTests {
  @Test("a quiet server may retry a little, and no more")
  func hasAMinimum() {
    var budget = RetryBudget(ratio: 0.2, minimumPerSecond: 3)
    #expect((0..<100).count { _ in budget.takeRetry(at: at(0)) } == 30)
    #expect(budget.takeRetry(at: at(9.9)) == false)
    #expect(budget.takeRetry(at: at(10)) == true)
  }

  @Test("a busy one may retry a part of its requests")
  func followsTheRequests() {
    var budget = RetryBudget(ratio: 0.2, minimumPerSecond: 0)
    #expect(budget.takeRetry(at: at(0)) == false)
    for _ in 0..<1000 { budget.requested(at: at(0)) }
    #expect((0..<1000).count { _ in budget.takeRetry(at: at(1)) } == 200)
    #expect(budget.available(at: at(1)) == 0)
    // The requests are forgotten a second before the retries.
    #expect(budget.available(at: at(10)) == 0)
    for _ in 0..<10 { budget.requested(at: at(11)) }
    #expect(budget.available(at: at(11)) == 2)
  }

  @Test("in no 10 seconds are there more retries than the budget, however they come", arguments: 0..<UInt64(10))
  func isNeverExceeded(seed: UInt64) {
    var random = Seeded(state: seed)
    var budget = RetryBudget(ratio: 0.1, minimumPerSecond: 1)
    var requests = [Int](repeating: 0, count: 60)
    var retries = requests
    for second in 0..<60 {
      for _ in 0..<Int.random(in: 0..<100, using: &random) {
        budget.requested(at: at(Double(second)))
        requests[second] += 1
      }
      for _ in 0..<Int.random(in: 0..<100, using: &random) where budget.takeRetry(at: at(Double(second) + 0.5)) {
        retries[second] += 1
      }
    }
    // A retry counts against the requests before it, so a window holds at most what two windows' requests allow.
    for start in 0..<51 {
      let allowed = requests[max(0, start - 9)..<start + 10].reduce(0, +)
      #expect(Double(retries[start..<start + 10].reduce(0, +)) <= 0.1 * Double(allowed) + 10 + 1e-9)
    }
    #expect(Double(retries.reduce(0, +)) <= 0.2 * Double(requests.reduce(0, +)) + 70)
  }

  @Test("odd numbers and clocks neither trap nor give what is not there")
  func survivesOddNumbers() {
    for number in [Double.nan, .infinity, -.infinity, -1, 0, 1e300] {
      var budget = RetryBudget(ratio: number, minimumPerSecond: number)
      for nanoseconds in [Int64.max, 0, .min, -1] {
        budget.requested(at: Instant(nanoseconds: nanoseconds))
        _ = budget.takeRetry(at: Instant(nanoseconds: nanoseconds))
        #expect(budget.available(at: Instant(nanoseconds: nanoseconds)).isFinite)
      }
    }
    var budget = RetryBudget(ratio: -1, minimumPerSecond: .nan)
    #expect(budget.takeRetry(at: at(0)) == false)
  }
}
