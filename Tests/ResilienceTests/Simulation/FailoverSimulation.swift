import Resilience
import Runtime

/// Sessions that talk to providers which fail at random, in virtual time: first a time of failures, then one in which
/// all is well. Breakers, deadlines and the order of providers are the node's, the ladder is each session's.
struct FailoverSimulation {
  static let failing = Duration.seconds(180)
  /// The longest open state that is not a server's own word, and the ladder's longest way up.
  static let calm = Duration.seconds(220)

  enum Kind: Int, CaseIterable {
    case asr, llm, tts

    var capability: Ladder.Capability {
      switch self {
      case .asr: .asr
      case .llm: .llm
      case .tts: .tts
      }
    }
  }

  private var random: Seeded
  private var now = at(0)
  private let failuresEnd = at(0) + failing
  private let end = at(0) + failing + calm
  private var providers: [[SimulatedProvider]] = []
  private var orders: [ProviderOrder<Int>] = []
  private var sessions: [SimulatedSession] = []
  private var nextSecond = at(0)
  private(set) var problems: [String] = []
  private(set) var figures = Figures()

  struct Figures {
    var turns = 0
    var attempts = 0
    /// Calls that another provider answered than the first that was asked.
    var failovers = 0
    var lastResorts = 0
    var opened = 0
    var steps = 0
    var reversals = 0
    /// In one session.
    var mostReversals = 0
  }

  init(seed: UInt64) {
    random = Seeded(state: seed)
    let settings: [(BreakerSettings, AdaptiveDeadline.Settings)] = [(.asr, .asr), (.llm, .llm), (.tts, .tts)]
    for (breaker, deadline) in settings {
      let count = Int.random(in: 1...3, using: &random)
      var made: [SimulatedProvider] = []
      for _ in 0..<count {
        made.append(SimulatedProvider(breaker, deadline, failingUntil: failuresEnd, using: &random))
      }
      providers.append(made)
      // The first is the primary; the others, where there are two, share what it leaves.
      orders.append(ProviderOrder((0..<count).map { .init($0, priority: min($0, 1), weight: Double(1 + $0)) }))
    }
    sessions = (0..<2).map { _ in SimulatedSession(at: at(0)) }
  }

  mutating func run() {
    while now < end {
      let next = sessions.indices.min { sessions[$0].due < sessions[$1].due }!
      if nextSecond <= sessions[next].due {
        now = nextSecond
        nextSecond = now + .seconds(1)
        everySecond()
      } else {
        now = sessions[next].due
        goOn(next)
      }
    }
    judgeEnd()
  }

  // MARK: The node

  private mutating func everySecond() {
    let wanted = sessions.map(\.ladder.wantsProbes)
    for kind in Kind.allCases {
      let isWanted = wanted.contains { $0.contains(kind.capability) }
      var answering: Int?
      for index in providers[kind.rawValue].indices {
        let isDue = providers[kind.rawValue][index].breaker.takeProbe(at: now)
        guard isDue || isWanted else { continue }
        if providers[kind.rawValue][index].answersProbe(at: now) {
          providers[kind.rawValue][index].breaker.probeSucceeded(at: now)
          // What stands against live calls does not serve them.
          let standing = providers[kind.rawValue][index].breaker.standing(at: now)
          if answering == nil, standing == .ready || standing == .waiting(.zero) { answering = index }
        } else {
          providers[kind.rawValue][index].breaker.probeFailed(at: now)
        }
        checkBreaker(kind, index)
      }
      for session in sessions.indices where wanted[session].contains(kind.capability) {
        tell(
          session,
          answering.map { .works(kind.capability, by: $0 == 0 ? .primary : .backup) } ?? .fails(kind.capability))
      }
    }
    disturb()
    for session in sessions.indices { tell(session, .deadline) }
  }

  /// What else moves a ladder.
  private mutating func disturb() {
    if now == failuresEnd {
      for session in sessions.indices {
        tell(session, .network(up: .good, down: .good))
        tell(session, .floor(.full, by: .overload))
        for capability in [Ladder.Capability.evaluation, .conductor] {
          for _ in 0..<2 { tell(session, .works(capability)) }
        }
      }
    }
    guard now < failuresEnd, Int.random(in: 0..<15, using: &random) == 0 else { return }
    let session = sessions.indices.randomElement(using: &random)!
    let links: [Ladder.LinkQuality] = [.good, .good, .good, .degraded, .unusable]
    switch Int.random(in: 0..<4, using: &random) {
    case 0:
      tell(
        session,
        .network(up: links.randomElement(using: &random)!, down: links.randomElement(using: &random)!))
    case 1: tell(session, .floor(Bool.random(using: &random) ? .full : .predefined, by: .overload))
    case 2: tell(session, Bool.random(using: &random) ? .fails(.evaluation) : .works(.evaluation))
    default: tell(session, Bool.random(using: &random) ? .fails(.conductor) : .works(.conductor))
    }
  }

  private mutating func checkBreaker(_ kind: Kind, _ index: Int) {
    let settings = providers[kind.rawValue][index].settings
    if providers[kind.rawValue][index].breaker.trialsUnderWay > settings.permittedNumberOfCallsInHalfOpenState {
      problems.append("\(kind) \(index) has too many trials at \(now)")
    }
    // A last resort may have met with a `Retry-After`, once.
    let longest = settings.waitDurationInOpenState + .seconds(SimulatedProvider.longestRetryAfter + 1)
    if providers[kind.rawValue][index].breaker.state == .open,
      now - providers[kind.rawValue][index].breaker.since > longest
    {
      problems.append("\(kind) \(index) does not leave the open state at \(now)")
    }
    for transition in providers[kind.rawValue][index].breaker.takeTransitions() where transition.to == .open {
      figures.opened += 1
    }
  }

  // MARK: The sessions

  private mutating func tell(_ session: Int, _ input: Ladder.Input) {
    sessions[session].tell(input, at: now)
  }

  private mutating func goOn(_ index: Int) {
    if let call = sessions[index].call { return end(call, of: index) }
    guard let kind = sessions[index].nextKind() else {
      figures.turns += 1
      sessions[index].beginTurn(at: now + .milliseconds(Int.random(in: 500...6000, using: &random)))
      return
    }
    let attempts = orders[kind.rawValue].attempts(
      standing: { [providers, now] in providers[kind.rawValue][$0].breaker.standing(at: now) }, using: &random)
    attempt(SimulatedSession.Call(kind: kind, first: attempts.first?.id, waiting: attempts[...]), of: index)
  }

  /// Turns to the next provider that lets the call through.
  private mutating func attempt(_ call: SimulatedSession.Call, of index: Int) {
    var call = call
    while let next = call.waiting.popFirst() {
      let permit =
        next.isLastResort
        ? providers[call.kind.rawValue][next.id].breaker.lastResort(at: now)
        : providers[call.kind.rawValue][next.id].breaker.permission(at: now).permit
      checkBreaker(call.kind, next.id)
      guard let permit else { continue }
      figures.attempts += 1
      if next.isLastResort { figures.lastResorts += 1 }
      let answer = providers[call.kind.rawValue][next.id].answer(at: now, using: &random)
      call.current = (next.id, permit, answer)
      sessions[index].call = call
      sessions[index].due = now + answer.took
      return
    }
    sessions[index].call = nil
    tell(index, .fails(call.kind.capability))
    // The turn goes on another way, so it is not lost.
    if sessions[index].needs(call.kind) { problems.append("a turn has lost its \(call.kind) at \(now)") }
  }

  private mutating func end(_ call: SimulatedSession.Call, of index: Int) {
    guard let (name, permit, answer) = call.current else { return }
    let kind = call.kind.rawValue
    // Some are cut off by the user, and of a few nobody says how they ended.
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<5: providers[kind][name].breaker.ignored(permit, at: now)
    case 5: break
    default:
      if answer.succeeds {
        providers[kind][name].breaker.succeeded(permit, after: answer.took, at: now)
        providers[kind][name].deadline.succeeded(after: answer.took, at: now)
      } else {
        providers[kind][name].breaker.failed(permit, retryAfter: answer.retryAfter, at: now)
        if answer.timedOut { providers[kind][name].deadline.timedOut(after: answer.took, at: now) }
      }
    }
    checkBreaker(call.kind, name)
    guard answer.succeeds else { return attempt(call, of: index) }
    if name != call.first { figures.failovers += 1 }
    let isReduced = name != 0 && providers[kind][0].breaker.state != .closed
    tell(index, .works(call.kind.capability, by: isReduced ? .backup : .primary))
    sessions[index].finish(call.kind)
  }

  private mutating func judgeEnd() {
    for session in sessions {
      if Shown(session.ladder) != Shown(1, .voice, .voice, .model) {
        problems.append("ends at \(Shown(session.ladder))")
      }
      problems += session.judge.problems(until: end)
      figures.steps += session.steps
      figures.reversals += session.judge.reversals
      figures.mostReversals = max(figures.mostReversals, session.judge.reversals)
    }
    for kind in Kind.allCases {
      for index in providers[kind.rawValue].indices {
        checkBreaker(kind, index)
        let state = providers[kind.rawValue][index].breaker.state
        if index == 0, state != .closed { problems.append("\(kind)'s primary is still \(state)") }
      }
    }
  }
}
