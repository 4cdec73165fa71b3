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
    /// It came after the call's deadline, or would have.
    var timedOut = false
  }

  /// The longest word of a server's own.
  static let longestRetryAfter = 20

  private let usual: Duration
  private var spells: [(until: Instant, condition: Condition)] = []

  init(failingUntil end: Instant, using random: inout Seeded) {
    usual = .milliseconds(Int.random(in: 50...400, using: &random))
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

  func answer(within limit: Duration, at now: Instant, using random: inout Seeded) -> Answer {
    let usual = usual * Double.random(in: 0.5...1.5, using: &random)
    func answer(_ took: Duration, _ succeeds: Bool, retryAfter: Duration? = nil) -> Answer {
      took < limit
        ? Answer(took: took, succeeds: succeeds, retryAfter: retryAfter)
        : Answer(took: limit, succeeds: false, timedOut: true)
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
