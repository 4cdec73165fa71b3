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

    var breaker: BreakerSettings {
      switch self {
      case .asr: .asr
      case .llm: .llm
      case .tts: .tts
      }
    }

    var deadline: AdaptiveDeadline.Settings {
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
  private var groups: [ProviderGroup<Int>] = []
  private var sessions: [SimulatedSession] = []
  private var nextSecond = at(0)
  private(set) var problems: [String] = []
  private(set) var figures = Figures()

  struct Figures {
    var turns = 0
    var attempts = 0
    /// Calls that another provider answered after the first had failed.
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
    for kind in Kind.allCases {
      var made: [SimulatedProvider] = []
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        made.append(SimulatedProvider(failingUntil: failuresEnd, using: &random))
      }
      providers.append(made)
      // The first is the primary; the others, where there are two, share what it leaves.
      let members = made.indices.map {
        ProviderGroup.Member(
          .init($0, priority: min($0, 1), weight: Double(1 + $0)), breaker: kind.breaker, deadline: kind.deadline)
      }
      groups.append(ProviderGroup(members, at: at(0)))
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
    let wanted = sessions.map { $0.ladder.wantsProbes }
    for kind in Kind.allCases {
      let waiting = sessions.indices.filter { wanted[$0].contains(kind.capability) }
      let probed = groups[kind.rawValue].takeProbes(all: !waiting.isEmpty, at: now)
      if probed.isEmpty { continue }
      let answered = Set(probed.filter { providers[kind.rawValue][$0].answersProbe(at: now) })
      for provider in probed {
        groups[kind.rawValue].probed(provider, succeeded: answered.contains(provider), at: now)
      }
      let input = groups[kind.rawValue].ladderInput(kind.capability, answered: answered, at: now)
      for session in waiting { tell(session, input) }
      checkBreakers(kind)
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

  private mutating func checkBreakers(_ kind: Kind) {
    // A last resort may have met with a `Retry-After`, once.
    let longest = kind.breaker.waitDurationInOpenState + .seconds(SimulatedProvider.longestRetryAfter + 1)
    for index in providers[kind.rawValue].indices {
      guard let breaker = groups[kind.rawValue].breaker(of: index) else { continue }
      if breaker.trialsUnderWay > kind.breaker.permittedNumberOfCallsInHalfOpenState {
        problems.append("\(kind) \(index) has too many trials at \(now)")
      }
      if breaker.state == .open, now - breaker.since > longest {
        problems.append("\(kind) \(index) does not leave the open state at \(now)")
      }
    }
    figures.opened += groups[kind.rawValue].takeTransitions().count { $0.transition.to == .open }
  }

  // MARK: The sessions

  private mutating func tell(_ session: Int, _ input: Ladder.Input) {
    sessions[session].tell(input, at: now)
  }

  private mutating func goOn(_ index: Int) {
    if let call = sessions[index].call { return end(call, of: index) }
    guard let kind = sessions[index].nextKind() else {
      figures.turns += 1
      let longest = now < failuresEnd ? 6000 : 12_000
      sessions[index].beginTurn(at: now + .milliseconds(Int.random(in: 500...longest, using: &random)))
      return
    }
    let way = groups[kind.rawValue].way(at: now, using: &random)
    attempt(SimulatedSession.Call(kind: kind, way: way), of: index)
  }

  /// Turns to the next provider that lets the call through.
  private mutating func attempt(_ call: SimulatedSession.Call, of index: Int) {
    var call = call
    if let begun = groups[call.kind.rawValue].next(on: &call.way, at: now) {
      checkBreakers(call.kind)
      call.attempts += 1
      figures.attempts += 1
      if begun.isLastResort { figures.lastResorts += 1 }
      let answer = providers[call.kind.rawValue][begun.id].answer(within: begun.limit, at: now, using: &random)
      call.current = (begun, answer)
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
    guard let (begun, answer) = call.current else { return }
    let kind = call.kind.rawValue
    // Some are cut off by the user, and of a few nobody says how they ended.
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<5: groups[kind].ignored(begun, at: now)
    case 5: break
    default:
      if answer.succeeds {
        groups[kind].succeeded(begun, after: answer.took, at: now)
      } else {
        groups[kind].failed(begun, timedOut: answer.timedOut, retryAfter: answer.retryAfter, at: now)
      }
    }
    guard answer.succeeds else { return attempt(call, of: index) }
    if call.attempts > 1 { figures.failovers += 1 }
    tell(index, .works(call.kind.capability, by: groups[kind].source(answeredBy: begun.id)))
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
      checkBreakers(kind)
      let state = groups[kind.rawValue].breaker(of: 0)?.state
      if state != .closed { problems.append("\(kind)'s primary is still \(state, default: "missing")") }
    }
  }
}
