import Glibc
import Runtime

/// The life of one supervised process: when to start, probe, kill and start it again. Sans-IO.
///
/// starting → warming → ready; a failure (exit, silence, late) leads to a pause, doubled each time, and
/// to starting again, for ever. The shell carries out the actions, and reports by events.
struct SupervisedProcessState {
  enum Event: Equatable {
    case start
    case spawned
    case spawnFailed(String)
    /// An answer to `Action.probe`; one with an older ticket is ignored.
    case probed(ticket: Int, answered: Bool)
    case warmed(ticket: Int, failure: String?)
    /// The process ended, and why.
    case exited(String)
    /// `nextDeadline` has come.
    case timeout
    case stop
  }

  enum Action: Equatable {
    case spawn
    case probe(ticket: Int)
    case warmUp(ticket: Int)
    /// To the whole process group.
    case signal(Int32)
    case report(from: WorkerPhase, to: WorkerPhase, detail: String?)
  }

  private enum Check {
    case idle
    case due(Instant)
    case running(ticket: Int, until: Instant)

    var deadline: Instant? {
      switch self {
      case .idle: nil
      case .due(let time), .running(_, let time): time
      }
    }
  }

  static let startingProbeInterval = Duration.milliseconds(250)
  static let readyProbeInterval = Duration.seconds(5)
  static let probeTimeout = Duration.seconds(5)
  static let toleratedSilences = 2
  static let firstPause = Duration.milliseconds(250)
  static let longestPause = Duration.seconds(10)
  static let healthyAfter = Duration.seconds(30)
  static let terminationGrace = Duration.seconds(3)

  private(set) var phase = WorkerPhase.waiting
  /// Failures in a row; a worker that was ready for 30 s begins anew.
  private(set) var failures = 0
  private let readyTimeout: Duration
  private var running = false
  private var readySince: Instant?
  private var silences = 0
  private var lastTicket = 0
  /// When the phase has lasted long enough.
  private var limit: Instant?
  private var check = Check.idle

  init(readyTimeout: Duration) {
    self.readyTimeout = readyTimeout
  }

  var nextDeadline: Instant? {
    [limit, check.deadline].compactMap { $0 }.min()
  }

  mutating func handle(_ event: Event, now: Instant) -> [Action] {
    if phase == .stopping || phase == .stopped { return handleWhileStopping(event, now: now) }
    switch event {
    case .start:
      return phase == .waiting ? begin(now) : []
    case .spawned:
      running = true
      check = .due(now + Self.startingProbeInterval)
      return []
    case .spawnFailed(let reason):
      return fail(reason, now)
    case .probed(let ticket, let answered):
      guard case .running(ticket, _) = check else { return [] }
      return answered ? heard(now) : silent(now)
    case .warmed(let ticket, let failure):
      guard phase == .warming, ticket == lastTicket else { return [] }
      if let failure { return fail("the warm-up failed: \(failure)", now) }
      readySince = now
      limit = nil
      silences = 0
      check = .due(now + Self.readyProbeInterval)
      return [move(to: .ready)]
    case .exited(let reason):
      running = false
      if phase != .backoff { return fail(reason, now) }
      // The pause may be over, and have waited for the old process to be gone.
      return limit == nil ? begin(now) : []
    case .timeout:
      return timeout(now)
    case .stop:
      check = .idle
      guard running else {
        limit = nil
        return [move(to: .stopped)]
      }
      limit = now + Self.terminationGrace
      // One that is halted hears of it when it goes on.
      return [move(to: .stopping), .signal(SIGTERM), .signal(SIGCONT)]
    }
  }

  private mutating func handleWhileStopping(_ event: Event, now: Instant) -> [Action] {
    switch event {
    case .exited:
      running = false
      limit = nil
      return [move(to: .stopped)]
    case .timeout:
      guard let limit, limit <= now else { return [] }
      self.limit = nil
      return [.signal(SIGKILL)]
    default:
      return []
    }
  }

  private mutating func timeout(_ now: Instant) -> [Action] {
    if let limit, limit <= now {
      if phase != .backoff { return fail("not ready after \(readyTimeout.milliseconds / 1000) s", now) }
      self.limit = nil
      return running ? [] : begin(now)
    }
    guard let deadline = check.deadline, deadline <= now else { return [] }
    if case .running = check { return silent(now) }
    let ticket = nextTicket()
    check = .running(ticket: ticket, until: now + Self.probeTimeout)
    return [.probe(ticket: ticket)]
  }

  private mutating func begin(_ now: Instant) -> [Action] {
    limit = now + readyTimeout
    return [.spawn, move(to: .starting)]
  }

  private mutating func heard(_ now: Instant) -> [Action] {
    guard phase == .starting else {
      silences = 0
      check = .due(now + Self.readyProbeInterval)
      return []
    }
    check = .idle
    return [move(to: .warming), .warmUp(ticket: nextTicket())]
  }

  private mutating func silent(_ now: Instant) -> [Action] {
    guard phase == .ready else {
      check = .due(now + Self.startingProbeInterval)
      return []
    }
    silences += 1
    if silences > Self.toleratedSilences { return fail("did not answer \(silences) times in a row", now) }
    check = .due(now + Self.readyProbeInterval)
    return []
  }

  private mutating func fail(_ reason: String, _ now: Instant) -> [Action] {
    if let readySince, now - readySince >= Self.healthyAfter { failures = 0 }
    readySince = nil
    // Ten doublings are far above the longest pause.
    let pause = min(Self.longestPause, Self.firstPause * (1 << min(failures, 10)))
    failures += 1
    check = .idle
    limit = now + pause
    return (running ? [.signal(SIGKILL)] : []) + [move(to: .backoff, detail: reason)]
  }

  private mutating func nextTicket() -> Int {
    lastTicket += 1
    return lastTicket
  }

  private mutating func move(to next: WorkerPhase, detail: String? = nil) -> Action {
    defer { phase = next }
    return .report(from: phase, to: next, detail: detail)
  }
}
