import Runtime

/// Remembers how calls to one provider (or one instance of it) ended, and says whether the next one should go there.
///
/// It only steers: a call that fails goes to the next provider at once, whatever its breaker says. What the provider
/// is not to blame for (a cancel by barge-in, an error of the caller's own) is told as `ignored`. Every method brings
/// the state up to `now` first; a clock that goes back changes nothing.
///
/// Figures and names are resilience4j's; a trial's failure opens at once, as in requirements §1.5. Changes of state
/// wait in `takeTransitions`.
public struct CircuitBreaker: Sendable {
  /// More than this is not kept for who does not fetch them.
  private static let keptTransitions = 32
  private static let mostDoubts = 6

  private struct Trial {
    var number: UInt64
    var since: Instant

    func isOver(at now: Instant, _ settings: BreakerSettings) -> Bool { now >= since + settings.permitTimeout }
  }

  public let settings: BreakerSettings
  public private(set) var state = State.closed
  /// Since the start or since the last change of state.
  public private(set) var since: Instant
  /// Counts the states, so that a call of an earlier one is known.
  private var generation: UInt64 = 0
  private var failuresInARow = 0
  private var window: CallWindow?
  private var openUntil: Instant
  /// The server has named the end of the open state itself: neither probes nor last resorts come before it.
  private var isAskedToWait = false
  private var trials: [Trial] = []
  private var lastTrial: UInt64 = 0
  private var successes = 0
  private var goodProbes = 0
  private var lastProbe: Instant?
  /// Trials that failed since it was last closed.
  private var doubts = 0
  private var transitions: [Transition] = []

  public init(_ settings: BreakerSettings, at now: Instant) {
    self.settings = settings
    window = settings.slidingWindow.map(CallWindow.init)
    since = now
    openUntil = now
  }

  // MARK: Calls

  /// Whether a call may go to this provider now.
  public mutating func permission(at now: Instant) -> Permission {
    advance(to: now)
    switch state {
    case .closed, .disabled: return .granted(Permit(generation: generation, trial: 0))
    case .halfOpen:
      guard trials.count < permittedTrials else { return .denied(retryAfter: nil) }
      lastTrial += 1
      trials.append(Trial(number: lastTrial, since: now))
      return .granted(Permit(generation: generation, trial: lastTrial))
    case .open: return .denied(retryAfter: openUntil - now)
    case .forcedOpen: return .denied(retryAfter: nil)
    }
  }

  /// For a call that is made without permission, since there is no better provider. Its success ends the open state;
  /// its failure proves nothing new. Nil where it must not be made: an operator has said so, or the server's
  /// `Retry-After`.
  public mutating func lastResort(at now: Instant) -> Permit? {
    advance(to: now)
    guard state != .forcedOpen, state != .open || !isAskedToWait else { return nil }
    return Permit(generation: generation, trial: 0)
  }

  /// - Parameter firstResult: From the request to its first result (for ASR: from the end of the audio to the final
  ///   text).
  public mutating func succeeded(_ permit: Permit, after firstResult: Duration, at now: Instant) {
    advance(to: now)
    guard permit.generation == generation else { return }
    let isSlow = window?.isSlow(firstResult) ?? false
    switch state {
    case .closed:
      failuresInARow = 0
      if let reason = window?.record(failed: false, slow: isSlow) { open(reason, at: now) }
    case .open where !isSlow:
      change(to: .halfOpen, .callSucceeded, at: now)
      trialSucceeded(at: now)
    case .halfOpen where endTrial(permit):
      if isSlow { trialFailed(.trialSlow, at: now) } else { trialSucceeded(at: now) }
    case .open, .halfOpen, .forcedOpen, .disabled: break
    }
  }

  /// - Parameter retryAfter: What the server said (HTTP `Retry-After`), whatever it may be. It opens at once and for
  ///   so long, up to the longest that is believed; zero and less say nothing.
  public mutating func failed(_ permit: Permit, retryAfter: Duration? = nil, at now: Instant) {
    advance(to: now)
    if let retryAfter, retryAfter > .zero { return wait(min(retryAfter, settings.longestRetryAfter), at: now) }
    guard permit.generation == generation else { return }
    switch state {
    case .closed:
      failuresInARow += 1
      let rate = window?.record(failed: true, slow: false)
      if let limit = settings.consecutiveFailures, failuresInARow >= limit {
        open(.consecutiveFailures, at: now)
      } else if let rate {
        open(rate, at: now)
      }
    case .halfOpen where endTrial(permit): trialFailed(.trialFailed, at: now)
    case .open, .halfOpen, .forcedOpen, .disabled: break
    }
  }

  /// The call says nothing about the provider; a trial's permit is given back.
  public mutating func ignored(_ permit: Permit, at now: Instant) {
    advance(to: now)
    if permit.generation == generation { _ = endTrial(permit) }
  }

  // MARK: Probes

  /// Whether a probe away from live calls is due, which counts as made then. While open and half-open only, and not
  /// before a server's `Retry-After`.
  public mutating func takeProbe(at now: Instant) -> Bool {
    advance(to: now)
    guard state == .halfOpen || state == .open && !isAskedToWait else { return false }
    // Rounds are a second apart, and some come a little early: who is left out of one counts as silent in it.
    if let lastProbe, now < lastProbe + settings.probeInterval * 15 / 16 { return false }
    lastProbe = now
    return true
  }

  public mutating func probeSucceeded(at now: Instant) {
    advance(to: now)
    guard state == .open, !isAskedToWait else { return }
    goodProbes += 1
    if goodProbes >= max(1, settings.successfulProbesToHalfOpen) << doubts {
      change(to: .halfOpen, .probesSucceeded, at: now)
    }
  }

  /// A failed probe opens a breaker that is half-open; a closed one is the affair of live calls.
  public mutating func probeFailed(at now: Instant) {
    advance(to: now)
    goodProbes = 0
    if state == .halfOpen { open(.probeFailed, at: now) }
  }

  // MARK: Operator and metrics

  /// Sets the state by hand, and forgets what was counted.
  public mutating func force(_ state: State, at now: Instant) {
    advance(to: now)
    guard state != self.state else { return forget() }
    if state == .open {
      open(.operator, at: now)
    } else {
      change(to: state, .operator, at: now)
    }
  }

  /// Ends an open state that has lasted its time, and the trials nobody has reported.
  public mutating func advance(to now: Instant) {
    switch state {
    case .open where now >= openUntil: change(to: .halfOpen, .waitOver, at: now)
    case .halfOpen: trials.removeAll { [settings] in $0.isOver(at: now, settings) }
    case .open, .closed, .forcedOpen, .disabled: break
    }
  }

  /// The changes since the last call, oldest first.
  public mutating func takeTransitions() -> [Transition] {
    defer { transitions.removeAll(keepingCapacity: true) }
    return transitions
  }

  /// Trials in half-open that are under way.
  public var trialsUnderWay: Int { trials.count }

  /// How it stands for who chooses among providers.
  public func standing(at now: Instant) -> ProviderStanding {
    switch state {
    case .closed, .disabled: .ready
    case .forcedOpen: .excluded
    case .halfOpen: trials.count { !$0.isOver(at: now, settings) } < permittedTrials ? .ready : .waiting(.zero)
    case .open:
      if now >= openUntil { .ready } else if isAskedToWait { .excluded } else { .waiting(openUntil - now) }
    }
  }

  // MARK: Changes

  private var permittedTrials: Int { max(1, settings.permittedNumberOfCallsInHalfOpenState) }

  /// Whether the permit is still good; it is no longer.
  private mutating func endTrial(_ permit: Permit) -> Bool {
    if permit.trial == 0 { return true }
    guard let index = trials.firstIndex(where: { $0.number == permit.trial }) else { return false }
    trials.remove(at: index)
    return true
  }

  private mutating func trialSucceeded(at now: Instant) {
    successes += 1
    if successes >= settings.successesToClose { change(to: .closed, .trialsSucceeded, at: now) }
  }

  private mutating func trialFailed(_ reason: Reason, at now: Instant) {
    doubts = min(doubts + 1, Self.mostDoubts)
    open(reason, at: now)
  }

  private mutating func wait(_ duration: Duration, at now: Instant) {
    switch state {
    case .open:
      // The later of two words of the server's; a wait of our own gives way to it.
      openUntil = isAskedToWait ? max(openUntil, now + duration) : now + duration
    case .closed, .halfOpen:
      open(.retryAfter, at: now)
      openUntil = now + duration
    case .forcedOpen, .disabled: return
    }
    isAskedToWait = true
  }

  private mutating func open(_ reason: Reason, at now: Instant) {
    change(to: .open, reason, at: now)
    openUntil = now + settings.waitDurationInOpenState
  }

  private mutating func change(to new: State, _ reason: Reason, at now: Instant) {
    if transitions.count == Self.keptTransitions { transitions.removeFirst() }
    transitions.append(Transition(from: state, to: new, reason: reason, at: now))
    state = new
    since = now
    goodProbes = 0
    isAskedToWait = false
    forget()
    if new == .closed { doubts = 0 }
  }

  /// What calls have shown in this state, and those that are under way.
  private mutating func forget() {
    generation += 1
    failuresInARow = 0
    successes = 0
    trials.removeAll(keepingCapacity: true)
    window?.reset()
  }
}
