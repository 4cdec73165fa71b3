import Resilience
import Runtime
import Testing

@Suite struct AdaptiveDeadlineTests {
  /// An LLM's, after so many calls.
  private func shown(calls: Int = 100, within milliseconds: ClosedRange<Int>) -> AdaptiveDeadline {
    var random = Seeded(state: 2)
    var deadline = AdaptiveDeadline(.llm)
    for _ in 0..<calls {
      deadline.succeeded(after: .milliseconds(Int.random(in: milliseconds, using: &random)), at: at(0))
    }
    return deadline
  }

  @Test("until a provider has shown what it needs, the cap holds: 3 s for ASR, 5 s for an LLM")
  func startsAtTheCap() {
    #expect(AdaptiveDeadline(.asr).limit(at: at(0)) == .seconds(3))
    #expect(AdaptiveDeadline(.llm).limit(at: at(0)) == .seconds(5))
    #expect(shown(calls: 19, within: 10...20).limit(at: at(0)) == .seconds(5))
    #expect(shown(calls: 20, within: 10...20).limit(at: at(0)) == .seconds(1))
  }

  @Test("it is twice what nearly all calls needed, no less than the floor and no more than the cap")
  func followsTheProvider() {
    let limit = shown(within: 900...1000).limit(at: at(0))
    #expect(limit > .milliseconds(1950) && limit <= .seconds(2))
    #expect(shown(within: 1...2).limit(at: at(0)) == .seconds(1))
    #expect(shown(within: 2600...9000).limit(at: at(0)) == .seconds(5))
  }

  @Test("a single slow answer does not move it")
  func ignoresOutliers() {
    var deadline = shown(within: 500...600)
    deadline.succeeded(after: .seconds(4), at: at(0))
    #expect(deadline.limit(at: at(0)) <= .milliseconds(1200))
  }

  @Test("a provider that has become slower is waited for after a few calls that ran into the deadline")
  func adaptsToLoad() {
    var deadline = shown(calls: 1000, within: 500...600)
    var failures = 0
    for _ in 0..<100 {
      let limit = deadline.limit(at: at(1))
      if limit < .milliseconds(2300) {
        failures += 1
        deadline.timedOut(after: limit, at: at(1))
      } else {
        deadline.succeeded(after: .milliseconds(2300), at: at(1))
      }
    }
    #expect(failures <= 4)
  }

  @Test("and one that is fast again is held to it after about a hundred calls")
  func adaptsBack() {
    var deadline = shown(within: 2000...2200)
    for _ in 0..<128 { deadline.succeeded(after: .milliseconds(100), at: at(1)) }
    #expect(deadline.limit(at: at(1)) == .seconds(1))
  }

  @Test("larger calls than it has shown get the cap, and smaller ones what it has shown")
  func mindsTheWork() {
    var deadline = AdaptiveDeadline(.asr)
    for _ in 0..<50 { deadline.succeeded(after: .milliseconds(100), work: 2, at: at(0)) }
    #expect(deadline.limit(work: 3, at: at(0)) == .milliseconds(800))
    #expect(deadline.limit(work: 60, at: at(0)) == .seconds(3))
    for _ in 0..<20 { deadline.succeeded(after: .milliseconds(700), work: 60, at: at(0)) }
    #expect(deadline.limit(work: 60, at: at(0)) == .seconds(0.7 * 2))
    #expect(deadline.limit(work: 0, at: at(0)) == .seconds(0.7 * 2))
  }

  @Test("after an idle time the cap holds again, for the model may be loaded anew")
  func forgets() {
    var deadline = shown(within: 500...600)
    #expect(deadline.limit(at: at(299)) < .seconds(2))
    #expect(deadline.limit(at: at(300)) == .seconds(5))
    deadline.succeeded(after: .milliseconds(1), at: at(300))
    #expect(deadline.limit(at: at(300)) == .seconds(5))
  }

  @Test("odd numbers neither trap nor lead out of bounds")
  func survivesOddNumbers() {
    for number in [Double.nan, .infinity, -.infinity, -1, 0, 1e300] {
      var settings = AdaptiveDeadline.Settings.asr
      settings.quantile = number
      settings.factor = number
      settings.minimumNumberOfCalls = -3
      var deadline = AdaptiveDeadline(settings)
      for duration in [Duration.seconds(Int64.min), .zero, .seconds(Int64.max)] {
        deadline.succeeded(after: duration, work: number, at: at(0))
        deadline.timedOut(after: duration, work: number, at: at(0))
        let limit = deadline.limit(work: number, at: at(0))
        #expect(limit >= settings.floor && limit <= settings.cap)
      }
    }
  }

  @Test("its quantile is that of the calls it has seen last", arguments: [0.0, 0.5, 0.9, 0.99, 1])
  func computesTheQuantile(part: Double) {
    var random = Seeded(state: 9)
    var settings = AdaptiveDeadline.Settings(floor: .zero, cap: .seconds(1000))
    settings.quantile = part
    settings.factor = 1
    var deadline = AdaptiveDeadline(settings)
    var seen: [Int] = []
    for _ in 0..<1000 {
      seen.append(Int.random(in: 1...1000, using: &random))
      deadline.succeeded(after: .seconds(seen.last!), at: at(0))
      guard seen.count >= 20 else { continue }
      let last = seen.suffix(128).sorted()
      let rank = max(1, Int((Double(last.count) * part).rounded(.up)))
      #expect(deadline.limit(at: at(0)) == .seconds(last[rank - 1]))
    }
  }
}
