import Resilience
import Runtime

/// A provider in virtual time: well, with spells of each kind of failure, and well again after the last.
struct SimulatedProvider {
  enum Condition: CaseIterable {
    case well, refuses, silent, throttled
    /// Answers probes and no call.
    case lies
    /// Fails some calls.
    case flaky
    /// Answers, and takes five times as long.
    case slow
  }

  struct Answer {
    var took: Duration
    var succeeds: Bool
    var retryAfter: Duration?
    var timedOut = false
  }

  /// The longest word of a server's own.
  static let longestRetryAfter = 20

  let settings: BreakerSettings
  private let usual: Duration
  private var spells: [(until: Instant, condition: Condition)] = []
  var breaker: CircuitBreaker
  var deadline: AdaptiveDeadline

  init(
    _ settings: BreakerSettings, _ deadline: AdaptiveDeadline.Settings, failingUntil end: Instant,
    using random: inout Seeded
  ) {
    self.settings = settings
    self.deadline = AdaptiveDeadline(deadline)
    usual = .milliseconds(Int.random(in: 50...400, using: &random))
    breaker = CircuitBreaker(settings, at: at(0))
    var now = at(0)
    while now < end {
      now = now + .milliseconds(Int.random(in: 200...60_000, using: &random))
      let isWell = Bool.random(using: &random)
      spells.append((min(now, end), isWell ? .well : Condition.allCases.randomElement(using: &random)!))
    }
  }

  func condition(at now: Instant) -> Condition {
    spells.first { now < $0.until }?.condition ?? .well
  }

  func answersProbe(at now: Instant) -> Bool {
    switch condition(at: now) {
    case .well, .lies, .flaky, .slow: true
    case .refuses, .silent, .throttled: false
    }
  }

  func answer(at now: Instant, using random: inout Seeded) -> Answer {
    let usual = usual * Double.random(in: 0.5...1.5, using: &random)
    func answer(_ took: Duration, _ succeeds: Bool, retryAfter: Duration? = nil) -> Answer {
      let answer = Answer(took: took, succeeds: succeeds, retryAfter: retryAfter)
      if took < deadline.settings.floor { return answer }
      let limit = deadline.limit(at: now)
      return took < limit ? answer : Answer(took: limit, succeeds: false, timedOut: true)
    }
    switch condition(at: now) {
    case .well: return answer(usual, true)
    case .refuses: return answer(.milliseconds(5), false)
    case .silent: return answer(.seconds(60), false)
    case .throttled:
      return answer(
        .milliseconds(20), false, retryAfter: .seconds(Int.random(in: 1...Self.longestRetryAfter, using: &random)))
    case .lies: return answer(.milliseconds(100), false)
    case .flaky: return answer(usual, Int.random(in: 0..<3, using: &random) > 0)
    case .slow: return answer(usual * 5, true)
    }
  }
}
