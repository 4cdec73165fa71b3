import VivaConfiguration
import Workers

/// The workers that run beside the server, by name, whatever their kind.
struct LocalWorkers: Sendable {
  private let providers: [(kind: WorkerKind, settings: ProviderSettings)]
  private let workers: WorkerSet

  init(_ settings: WorkerSettings, in workers: WorkerSet) {
    let kinds: [(WorkerKind, [ProviderSettings])] = [
      (.asr, settings.asr), (.llm, settings.llm), (.tts, settings.tts),
    ]
    providers = kinds.flatMap { kind, list in list.filter { $0.process != nil }.map { (kind, $0) } }
    self.workers = workers
  }

  func processes(workingDirectory: String) -> [SupervisedWorker] {
    providers.compactMap { SupervisedWorker($0.settings, workingDirectory: workingDirectory) }
  }

  func answers(_ name: String) async -> Bool {
    guard let kind = kind(of: name), case .success = await workers.probe(kind, name) else { return false }
    return true
  }

  func warmUp(_ name: String) async throws {
    guard let kind = kind(of: name) else { return }
    try await workers.warmUp(kind, name).get()
  }

  private func kind(of name: String) -> WorkerKind? {
    providers.first { $0.settings.name == name }?.kind
  }
}
