import Resilience
import VivaConfiguration
import Workers

/// What is shown of the workers on the page, and may be broken there.
public struct WatchedWorkers: Sendable {
  let settings: WorkerSettings
  let board: ProviderBoard
  let supervisor: ProcessSupervisor
  let outcomes: LastOutcomes
  /// nil: nobody breaks anything.
  let faults: FaultBoard?

  public init(
    settings: WorkerSettings, board: ProviderBoard, supervisor: ProcessSupervisor, outcomes: LastOutcomes,
    faults: FaultBoard?
  ) {
    self.settings = settings
    self.board = board
    self.supervisor = supervisor
    self.outcomes = outcomes
    self.faults = faults
  }

  var providers: [(kind: WorkerKind, settings: ProviderSettings)] {
    let kinds: [(WorkerKind, [ProviderSettings])] = [
      (.asr, settings.asr), (.llm, settings.llm), (.tts, settings.tts), (.endOfTurn, settings.endOfTurn),
    ]
    return kinds.flatMap { kind, list in list.map { (kind, $0) } }
  }

  /// How each provider is, in the order of the configuration.
  func states() -> [WorkerState] {
    let breakers = Dictionary(board.standings().map { ($0.name, $0.state) }) { first, _ in first }
    let processes = Dictionary(supervisor.snapshot().map { ($0.name, $0) }) { first, _ in first }
    return providers.map { kind, provider in
      let process = processes[provider.name]
      var state = WorkerState(kind: kind.rawValue, name: provider.name)
      state.phase = process.map { $0.isHalted ? "halted" : WorkerState.name(of: $0.phase) }
      state.breaker = breakers[provider.name]?.rawValue
      state.last_outcome = outcomes[provider.name]
      if let faults {
        state.fault = faults.fault(of: provider.name)?.rawValue ?? FaultRequest.none
        state.faults = FaultRequest.possible(kind, hasProcess: process != nil)
      }
      return state
    }
  }
}

/// One entry of `GET /v1/viva/workers`.
struct WorkerState: Encodable, Equatable {
  var kind: String
  var name: String
  /// Of the process that Viva runs: `starting`, `live`, `halted` (on purpose), `restarting` or `stopped`.
  var phase: String?
  var breaker: String?
  var last_outcome: String?
  /// In development: what fails on purpose, and what could.
  var fault: String?
  var faults: [String]?

  static func name(of phase: WorkerPhase) -> String {
    switch phase {
    case .waiting, .starting, .warming: "starting"
    case .ready: "live"
    case .backoff: "restarting"
    case .stopping, .stopped: "stopped"
    }
  }
}
