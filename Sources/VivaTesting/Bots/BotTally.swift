import Synchronization

/// What bots went through so far, and how many are talking. For any thread.
public final class BotTally: Sendable {
  private struct State {
    var report = BotReport()
    /// Of what `take` has taken.
    var errorsBefore = 0
    var active = 0
    var latest = Duration.zero
    var sessionTime = Duration.zero
  }

  private let state = Mutex(State())

  public init() {}

  /// Since the beginning, or since the last `take`.
  public var report: BotReport { state.withLock { $0.report } }
  /// Since the beginning.
  public var errorCount: Int { state.withLock { $0.errorsBefore + $0.report.errorCount } }
  /// Bots that are connected.
  public var active: Int { state.withLock { $0.active } }
  /// How long bots were connected that have hung up, all together.
  public var sessionTime: Duration { state.withLock { $0.sessionTime } }

  /// The report so far; the next one begins anew.
  public func take() -> BotReport {
    state.withLock { state in
      defer {
        state.errorsBefore += state.report.errorCount
        state.report = BotReport()
      }
      return state.report
    }
  }

  /// How late a bot was with a piece of its audio since this was last asked, at most.
  public func takeLatest() -> Duration {
    state.withLock { state in
      defer { state.latest = .zero }
      return state.latest
    }
  }

  /// Counts something that must not happen.
  public func failed(_ kind: String) { add([.failed(kind)]) }

  func add(_ findings: [BotFinding]) {
    guard !findings.isEmpty else { return }
    state.withLock { state in
      for finding in findings {
        state.report.add(finding)
        if case .late(let delay) = finding { state.latest = max(state.latest, delay) }
      }
    }
  }

  func add(_ report: BotReport) {
    state.withLock {
      $0.report.add(report)
      $0.latest = max($0.latest, report.latest)
    }
  }

  func began() { state.withLock { $0.active += 1 } }

  func ended(after duration: Duration) {
    state.withLock { state in
      state.active -= 1
      state.sessionTime += duration
    }
  }
}
