import Resilience
import Runtime

/// A session whose turns need an ASR while the user speaks, an LLM while it asks one, and a TTS while the agent speaks.
struct SimulatedSession {
  struct Call {
    var kind: FailoverSimulation.Kind
    /// How many providers it has come to.
    var attempts = 0
    var way: ProviderGroup<Int>.Way
    var current: (ProviderGroup<Int>.Call, SimulatedProvider.Answer)?
  }

  var ladder: Ladder
  var judge: FlapJudge
  private(set) var steps = 0
  var call: Call?
  /// When it goes on.
  var due: Instant
  private var done: Set<FailoverSimulation.Kind> = []

  init(at now: Instant) {
    ladder = Ladder(at: now)
    judge = FlapJudge(ladder.settings)
    due = now
  }

  mutating func tell(_ input: Ladder.Input, at now: Instant) {
    let change = ladder.handle(input, at: now)
    if change != nil { steps += 1 }
    judge.saw(change, Shown(ladder), at: now)
  }

  /// What the turn waits for; nil when it is complete.
  func nextKind() -> FailoverSimulation.Kind? {
    [.asr, .llm, .tts].first { !done.contains($0) && needs($0) }
  }

  /// Whether the session relies on it, as it shows itself to the user.
  func needs(_ kind: FailoverSimulation.Kind) -> Bool {
    switch kind {
    case .asr: ladder.input == .voice
    case .llm: ladder.questions == .model
    case .tts: ladder.output == .voice
    }
  }

  mutating func finish(_ kind: FailoverSimulation.Kind) {
    call = nil
    done.insert(kind)
  }

  mutating func beginTurn(at due: Instant) {
    done = []
    self.due = due
  }
}
