import Runtime

/// The providers of one kind with what is known of each: their order, a breaker and an adaptive deadline a provider
/// (or instance of one).
///
/// A call asks for its `way` once, and goes along it until a provider answers: `next`, then one of `succeeded`,
/// `failed` and `ignored`, for each it comes to. Ids that are not of the group are let through nowhere and ignored.
public struct ProviderGroup<ID: Hashable & Sendable>: Sendable {
  public struct Member: Sendable {
    public var candidate: ProviderOrder<ID>.Candidate
    public var breaker: BreakerSettings
    public var deadline: AdaptiveDeadline.Settings

    public init(
      _ candidate: ProviderOrder<ID>.Candidate, breaker: BreakerSettings, deadline: AdaptiveDeadline.Settings
    ) {
      self.candidate = candidate
      self.breaker = breaker
      self.deadline = deadline
    }
  }

  /// What is still before a call that no provider has answered.
  public struct Way: Sendable {
    fileprivate var waiting: ArraySlice<ProviderOrder<ID>.Attempt>
    /// Ready when the way was chosen, and no longer when their turn came.
    fileprivate var passedOver: [ID] = []

    /// No provider is left.
    public var isOver: Bool { waiting.isEmpty && passedOver.isEmpty }
  }

  /// A call that is under way at one provider.
  public struct Call: Sendable {
    public let id: ID
    /// Its breaker was against it.
    public let isLastResort: Bool
    /// How long to wait for its first result. Where the work is known only later, `limit(of:work:at:)` says it again.
    public var limit: Duration
    public var work: Double
    let permit: CircuitBreaker.Permit
  }

  public struct Transition: Sendable, Equatable {
    public var id: ID
    public var transition: CircuitBreaker.Transition
  }

  private struct State {
    var breaker: CircuitBreaker
    var deadline: AdaptiveDeadline
  }

  public let order: ProviderOrder<ID>
  private var states: [ID: State] = [:]
  /// Those with the first priority.
  private let primaries: [ID]

  /// - Parameter lastResorts: As for `ProviderOrder`.
  public init(_ members: [Member], lastResorts: Int = 1, at now: Instant) {
    order = ProviderOrder(members.map(\.candidate), lastResorts: lastResorts)
    let first = order.candidates.map(\.priority).min()
    primaries = order.candidates.filter { $0.priority == first }.map(\.id)
    for member in members {
      states[member.candidate.id] = State(
        breaker: CircuitBreaker(member.breaker, at: now), deadline: AdaptiveDeadline(member.deadline))
    }
  }

  // MARK: Calls

  /// - Parameters:
  ///   - own: The caller's own order, of some or all of the providers; nil is that of the group.
  ///   - preferred: As for `ProviderOrder`.
  ///   - isAvailable: Whether a provider is expected to answer for other reasons than its breaker's: a worker that is
  ///     being restarted is a last resort after all others.
  public func way(
    along own: ProviderOrder<ID>? = nil, preferring preferred: ID? = nil, at now: Instant,
    using random: inout some RandomNumberGenerator,
    isAvailable: (ID) -> Bool = { _ in true }
  ) -> Way {
    let attempts = (own ?? order).attempts(
      preferring: preferred,
      standing: { id in
        let standing = states[id]?.breaker.standing(at: now) ?? .excluded
        return standing == .excluded || isAvailable(id) ? standing : .waiting(.seconds(Int32.max))
      }, using: &random)
    return Way(waiting: attempts[...])
  }

  /// The next provider that a call is to go to; nil where none is left.
  ///
  /// - Parameter work: As for `AdaptiveDeadline`.
  public mutating func next(on way: inout Way, work: Double = 0, at now: Instant) -> Call? {
    while let attempt = way.waiting.popFirst() {
      if let call = begin(attempt.id, isLastResort: attempt.isLastResort, work, at: now) { return call }
      if !attempt.isLastResort { way.passedOver.append(attempt.id) }
    }
    // Other calls took the last permits, or have failed meanwhile. That is no reason to answer nothing.
    while !way.passedOver.isEmpty {
      if let call = begin(way.passedOver.removeFirst(), isLastResort: true, work, at: now) { return call }
    }
    return nil
  }

  private mutating func begin(_ id: ID, isLastResort: Bool, _ work: Double, at now: Instant) -> Call? {
    let permit =
      isLastResort
      ? states[id]?.breaker.lastResort(at: now) : states[id]?.breaker.permission(at: now).permit
    guard let permit, let limit = states[id]?.deadline.limit(work: work, at: now) else { return nil }
    return Call(id: id, isLastResort: isLastResort, limit: limit, work: work, permit: permit)
  }

  /// How long to wait for the first result of a call of this work; nil for a stranger.
  public func limit(of id: ID, work: Double = 0, at now: Instant) -> Duration? {
    states[id]?.deadline.limit(work: work, at: now)
  }

  /// - Parameter firstResult: As for `CircuitBreaker`.
  public mutating func succeeded(_ call: Call, after firstResult: Duration, at now: Instant) {
    states[call.id]?.breaker.succeeded(call.permit, after: firstResult, at: now)
    states[call.id]?.deadline.succeeded(after: firstResult, work: call.work, at: now)
  }

  /// - Parameters:
  ///   - timedOut: Its first result did not come in the call's `limit`.
  ///   - retryAfter: As for `CircuitBreaker`.
  public mutating func failed(_ call: Call, timedOut: Bool = false, retryAfter: Duration? = nil, at now: Instant) {
    states[call.id]?.breaker.failed(call.permit, retryAfter: retryAfter, at: now)
    if timedOut { states[call.id]?.deadline.timedOut(after: call.limit, work: call.work, at: now) }
  }

  /// A cancel, or an error of the caller's own.
  public mutating func ignored(_ call: Call, at now: Instant) {
    states[call.id]?.breaker.ignored(call.permit, at: now)
  }

  /// Who answered, in the ladder's words: a backup only while no primary's breaker is closed, since a single call that
  /// went over to the next provider makes no other service.
  public func source(answeredBy id: ID) -> Ladder.Source {
    let isReduced = primaries.allSatisfy { states[$0]?.breaker.isClosed != true }
    return isReduced && !primaries.contains(id) ? .backup : .primary
  }

  // MARK: Probes

  /// Who is to be probed now; ask every second or oftener.
  ///
  /// - Parameter all: Some ladder waits for this kind: those with closed breakers are to be probed, too. At most as
  ///   often as asked.
  public mutating func takeProbes(all: Bool, at now: Instant) -> [ID] {
    order.candidates.compactMap { candidate in
      let isDue = states[candidate.id]?.breaker.takeProbe(at: now) == true
      return isDue || all && states[candidate.id]?.breaker.isClosed == true ? candidate.id : nil
    }
  }

  public mutating func probed(_ id: ID, succeeded: Bool, at now: Instant) {
    if succeeded {
      states[id]?.breaker.probeSucceeded(at: now)
    } else {
      states[id]?.breaker.probeFailed(at: now)
    }
  }

  /// What a round of probes means to the ladders that wait for this kind.
  ///
  /// - Parameters:
  ///   - answered: Who has answered its probe.
  ///   - own: The only ones that the ladder's calls go to, the preferred one first; nil: to all.
  public func ladderInput(
    _ capability: Ladder.Capability, answered: Set<ID>, along own: [ID]? = nil, at now: Instant
  ) -> Ladder.Input {
    let serving = order.candidates.filter { candidate in
      guard answered.contains(candidate.id), own?.contains(candidate.id) ?? true,
        let breaker = states[candidate.id]?.breaker
      else { return false }
      return switch breaker.standing(at: now) {
      case .ready, .waiting(.zero): true
      // Live calls do not go there yet.
      case .waiting, .excluded: false
      }
    }
    guard let best = serving.min(by: { $0.priority < $1.priority }) else { return .fails(capability) }
    if let own { return .works(capability, by: serving.contains { $0.id == own.first } ? .primary : .backup) }
    return .works(capability, by: primaries.contains(best.id) ? .primary : .backup)
  }

  // MARK: Operator and metrics

  public mutating func force(_ state: CircuitBreaker.State, _ id: ID, at now: Instant) {
    states[id]?.breaker.force(state, at: now)
  }

  public func breaker(of id: ID) -> CircuitBreaker? { states[id]?.breaker }

  /// The changes since the last call, in the order of the candidates.
  public mutating func takeTransitions() -> [Transition] {
    var transitions: [Transition] = []
    for candidate in order.candidates {
      let taken = states[candidate.id]?.breaker.takeTransitions() ?? []
      transitions += taken.map { Transition(id: candidate.id, transition: $0) }
    }
    return transitions
  }
}

extension CircuitBreaker {
  /// Calls go there without ado.
  fileprivate var isClosed: Bool { state == .closed || state == .disabled }
}
