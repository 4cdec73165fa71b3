import Sessions
import VivaConfiguration
import Workers

/// The workers that run beside the server, by name, whatever their kind.
struct LocalWorkers: Sendable {
  private let providers: [(kind: WorkerKind, settings: ProviderSettings)]
  private let agents: [Agent]
  private let workers: WorkerSet

  init(_ settings: Settings, in workers: WorkerSet) {
    let kinds: [(WorkerKind, [ProviderSettings])] = [
      (.asr, settings.workers.asr), (.llm, settings.workers.llm), (.tts, settings.workers.tts),
      (.endOfTurn, settings.workers.endOfTurn),
    ]
    providers = kinds.flatMap { kind, list in list.filter { $0.process != nil }.map { (kind, $0) } }
    agents = Array(settings.agents.values)
    self.workers = workers
  }

  func processes(workingDirectory: String) -> [SupervisedWorker] {
    providers.compactMap { SupervisedWorker($0.settings, workingDirectory: workingDirectory) }
  }

  func answers(_ name: String) async -> Bool {
    guard let kind = kind(of: name), case .success = await workers.probe(kind, name) else { return false }
    return true
  }

  /// Makes the first request of each sort, so that no caller has to wait for it.
  func warmUp(_ name: String) async throws {
    guard let kind = kind(of: name) else { return }
    let openings = agents.filter { $0.workers.llm.isEmpty || $0.workers.llm.contains(name) }
      .map(CompletionRequest.opening)
    try await workers.warmUp(kind, name, openings: openings).get()
  }

  private func kind(of name: String) -> WorkerKind? {
    providers.first { $0.settings.name == name }?.kind
  }
}
