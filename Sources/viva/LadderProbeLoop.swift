import Resilience
import Sessions
import Synchronization
import VivaConfiguration
import Workers

/// Asks workers once a second for as long as a session has lost them, away from live calls, and tells its ladder.
final class LadderProbeLoop: LadderProbes {
  private static let interval = Duration.seconds(1)

  private struct State {
    var wants: [String: (session: Session, capabilities: [Ladder.Capability])] = [:]
    var isRunning = false
  }

  private let workers: WorkerSet
  private let settings: Settings
  private let isReady: @Sendable (String) -> Bool
  private let state = Mutex(State())

  /// - Parameter isReady: false for a local worker that is not warm yet.
  init(_ settings: Settings, in workers: WorkerSet, isReady: @escaping @Sendable (String) -> Bool) {
    self.settings = settings
    self.workers = workers
    self.isReady = isReady
  }

  func want(_ capabilities: [Ladder.Capability], for session: Session) {
    let starts = state.withLock { state in
      state.wants[session.id] = capabilities.isEmpty ? nil : (session, capabilities)
      guard !state.wants.isEmpty, !state.isRunning else { return false }
      state.isRunning = true
      return true
    }
    if starts { Task { await run() } }
  }

  private func run() async {
    while true {
      try? await Task.sleep(for: Self.interval)
      let wants = state.withLock { state in
        if state.wants.isEmpty { state.isRunning = false }
        return Array(state.wants.values)
      }
      guard !wants.isEmpty else { return }
      for capability in Set(wants.flatMap(\.capabilities)) {
        guard let (kind, providers) = providers(of: capability) else { continue }
        let alive = await self.alive(kind, providers.map(\.name))
        for want in wants where want.capabilities.contains(capability) {
          want.session.ladder(input(capability, kind, for: want.session.agentName, providers, alive))
        }
      }
    }
  }

  /// All at once: a round takes no longer than the slowest of them.
  private func alive(_ kind: WorkerKind, _ names: [String]) async -> Set<String> {
    await withTaskGroup(of: String?.self) { group in
      for name in names where isReady(name) {
        group.addTask { [workers] in
          if case .success = await workers.probe(kind, name) { name } else { nil }
        }
      }
      return await group.reduce(into: []) { alive, name in if let name { alive.insert(name) } }
    }
  }

  private func input(
    _ capability: Ladder.Capability, _ kind: WorkerKind, for agent: String, _ providers: [ProviderSettings],
    _ alive: Set<String>
  ) -> Ladder.Input {
    let chosen =
      switch kind {
      case .asr: settings.agents[agent]?.workers.asr
      case .llm: settings.agents[agent]?.workers.llm
      case .tts: settings.agents[agent]?.workers.tts
      case .endOfTurn: nil as [String]?
      }
    let order = chosen.flatMap { $0.isEmpty ? nil : $0 } ?? providers.map(\.name)
    guard let first = order.first(where: alive.contains) else { return .fails(capability) }
    return .works(capability, by: first == order.first ? .primary : .backup)
  }

  private func providers(of capability: Ladder.Capability) -> (WorkerKind, [ProviderSettings])? {
    switch capability {
    case .asr: (.asr, settings.workers.asr)
    case .llm: (.llm, settings.workers.llm)
    case .tts: (.tts, settings.workers.tts)
    case .conductor, .evaluation: nil
    }
  }
}
