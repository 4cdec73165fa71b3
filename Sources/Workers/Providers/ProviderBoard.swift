import Resilience
import Runtime
import Synchronization
import VivaConfiguration

/// What the process knows of its providers: their order, breakers and deadlines, shared by all sessions. One lock, held
/// for microseconds, a few times a call; never in the path of a packet.
public final class ProviderBoard: Sendable {
  typealias Group = ProviderGroup<String>

  /// A breaker has changed its state.
  public struct Change: Sendable, Equatable {
    public var kind: WorkerKind
    public var provider: String
    public var transition: CircuitBreaker.Transition
  }

  private struct State {
    var groups: [WorkerKind: Group]
    var budget = RetryBudget()
    var tallies: [String: Tally] = [:]
    /// Calls that have not ended.
    var underWay: [String: Int] = [:]
  }

  /// How the calls to a provider ended.
  public struct Tally: Sendable, Equatable, Encodable {
    public var succeeded = 0
    public var failed = 0
    public var ignored = 0
  }

  /// What an operator sees of a provider.
  public struct Standing: Sendable, Equatable {
    public var kind: WorkerKind
    public var name: String
    public var state: CircuitBreaker.State
    /// For how long it has been in it.
    public var age: Duration
    /// For the first result of a small call.
    public var limit: Duration
    public var tally: Tally
  }

  /// Whether a first result may be due earlier than the provider's own settings say.
  private let adapts: Bool
  private let clock: @Sendable () -> Instant
  private let changed: @Sendable (Change) -> Void
  private let state: Mutex<State>
  /// In the order of the configuration.
  private let names: [WorkerKind: [String]]

  /// - Parameters:
  ///   - clock: Asked at each call; tests have their own.
  ///   - changed: Told of breakers, from any thread.
  public convenience init(
    _ settings: WorkerSettings, clock: @escaping @Sendable () -> Instant = { .now },
    changed: @escaping @Sendable (Change) -> Void = { _ in }
  ) {
    self.init(Self.lists(settings), adapts: true, clock: clock, changed: changed)
  }

  /// For providers that nobody else shares; the first result is due when their own settings say.
  convenience init(alone settings: WorkerSettings) {
    self.init(Self.lists(settings), adapts: false, clock: { .now }, changed: { _ in })
  }

  /// As above, for providers that are in no configuration.
  convenience init(_ kind: WorkerKind, _ names: [String]) {
    let providers = names.map { ProviderSettings(name: $0, wireProtocol: .openai) }
    self.init([kind: providers], adapts: false, clock: { .now }, changed: { _ in })
  }

  private init(
    _ lists: [WorkerKind: [ProviderSettings]], adapts: Bool, clock: @escaping @Sendable () -> Instant,
    changed: @escaping @Sendable (Change) -> Void
  ) {
    self.adapts = adapts
    self.clock = clock
    self.changed = changed
    names = lists.mapValues { $0.map(\.name) }
    let now = clock()
    let groups = lists.map { kind, list in (kind, Group(ProviderPresets.members(list, kind), lastResorts: 2, at: now)) }
    state = Mutex(State(groups: Dictionary(groups) { first, _ in first }))
  }

  private static func lists(_ settings: WorkerSettings) -> [WorkerKind: [ProviderSettings]] {
    [.asr: settings.asr, .llm: settings.llm, .tts: settings.tts]
  }

  // MARK: Calls

  /// - Parameters:
  ///   - order: Names; anything but all of them in the configuration's order is an order of the caller's own.
  ///   - isAgain: The request was on its way before.
  func way(
    _ kind: WorkerKind, order: [String], isAgain: Bool = false, isAvailable: @Sendable (String) -> Bool
  ) -> Group.Way? {
    let own = order == names[kind] ? nil : ProviderPresets.strict(order)
    var random = SystemRandomNumberGenerator()
    return state.withLock { state in
      if !isAgain { state.budget.requested(at: clock()) }
      return state.groups[kind]?.way(along: own, at: clock(), using: &random, isAvailable: isAvailable)
    }
  }

  func next(_ kind: WorkerKind, on way: inout Group.Way, work: Double) -> Group.Call? {
    let call = change(kind) { group, now, _ in group.next(on: &way, work: work, at: now) } ?? nil
    if let call { state.withLock { $0.underWay[call.id, default: 0] += 1 } }
    return call
  }

  /// How long to wait for the first result of a call whose work is known now; nil leaves it to the provider's settings.
  func limit(_ kind: WorkerKind, of provider: String, work: Double) -> Duration? {
    guard adapts else { return nil }
    return state.withLock { $0.groups[kind]?.limit(of: provider, work: work, at: clock()) }
  }

  func succeeded(_ kind: WorkerKind, _ call: Group.Call, after firstResult: Duration) {
    ended(call)
    change(kind) { group, now, tallies in
      tallies[call.id, default: Tally()].succeeded += 1
      group.succeeded(call, after: firstResult, at: now)
    }
  }

  /// Counts the error against the provider, or ignores it where that is not to blame.
  func failed(_ kind: WorkerKind, _ call: Group.Call, _ error: WorkerError) {
    guard error.countsAgainstProvider else { return ignored(kind, call) }
    ended(call)
    change(kind) { group, now, tallies in
      tallies[call.id, default: Tally()].failed += 1
      group.failed(call, timedOut: error.kind == .firstResultTimeout, retryAfter: error.retryAfter, at: now)
    }
  }

  /// A cancel, or an error of the caller's own.
  func ignored(_ kind: WorkerKind, _ call: Group.Call) {
    ended(call)
    change(kind) { group, now, tallies in
      tallies[call.id, default: Tally()].ignored += 1
      group.ignored(call, at: now)
    }
  }

  private func ended(_ call: Group.Call) {
    state.withLock { $0.underWay[call.id] = max(0, ($0.underWay[call.id] ?? 0) - 1) }
  }

  /// Whether a call is under way at a provider. There are workers that answer nobody else meanwhile.
  func isWorking(_ provider: String) -> Bool {
    state.withLock { $0.underWay[provider] ?? 0 } > 0
  }

  /// Takes leave to ask again whom one has asked already, from the budget that the process has for this.
  public func takeRetry() -> Bool {
    state.withLock { $0.budget.takeRetry(at: clock()) }
  }

  /// Whether the first providers of a kind serve, or backups do, in the ladder's words.
  public func source(_ kind: WorkerKind, answeredBy provider: String) -> Ladder.Source {
    state.withLock { $0.groups[kind]?.source(answeredBy: provider) } ?? .primary
  }

  // MARK: Probes

  func takeProbes(_ kind: WorkerKind, all: Bool) -> [String] {
    change(kind) { group, now, _ in group.takeProbes(all: all, at: now) } ?? []
  }

  func probed(_ kind: WorkerKind, _ provider: String, succeeded: Bool) {
    change(kind) { group, now, _ in group.probed(provider, succeeded: succeeded, at: now) }
  }

  /// What a round of probes means to a ladder; nil where it says nothing.
  ///
  /// - Parameter order: Names of the providers that its calls go to; empty means all, in the configuration's order.
  public func ladderInput(_ round: ProbeRound, order: [String] = []) -> Ladder.Input? {
    func isAsked(_ name: String) -> Bool { order.isEmpty || order.contains(name) }
    guard round.answered.contains(where: isAsked) || !round.unknown.contains(where: isAsked) else { return nil }
    return state.withLock {
      $0.groups[round.kind]?.ladderInput(
        round.capability, answered: round.answered, along: order.isEmpty ? nil : order, at: clock())
    }
  }

  // MARK: Operator

  /// Sets a breaker by hand.
  ///
  /// - Returns: false when there is no such provider.
  public func force(_ state: CircuitBreaker.State, _ provider: String) -> Bool {
    guard let kind = names.first(where: { $0.value.contains(provider) })?.key else { return false }
    change(kind) { group, now, _ in group.force(state, provider, at: now) }
    return true
  }

  /// In the order of the configuration.
  public func standings() -> [Standing] {
    let now = clock()
    return state.withLock { state in
      WorkerKind.allCases.flatMap { kind in
        (names[kind] ?? []).compactMap { name in
          guard let group = state.groups[kind], let breaker = group.breaker(of: name) else { return nil }
          return Standing(
            kind: kind, name: name, state: breaker.state, age: now - breaker.since,
            limit: group.limit(of: name, at: now) ?? .zero, tally: state.tallies[name] ?? Tally())
        }
      }
    }
  }

  @discardableResult
  private func change<Result>(
    _ kind: WorkerKind, _ body: (inout Group, Instant, inout [String: Tally]) -> Result
  ) -> Result? {
    let (result, transitions) = state.withLock { state -> (Result?, [Group.Transition]) in
      guard state.groups[kind] != nil else { return (nil, []) }
      let result = body(&state.groups[kind]!, clock(), &state.tallies)
      return (result, state.groups[kind]!.takeTransitions())
    }
    for change in transitions { changed(Change(kind: kind, provider: change.id, transition: change.transition)) }
    return result
  }
}
