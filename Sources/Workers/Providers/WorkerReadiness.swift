import Synchronization
import VivaConfiguration

/// Which of the supervised workers are ready, kept up to date by what the supervisor reports. Providers that Viva
/// does not run are always taken for ready.
public final class WorkerReadiness: Sendable {
  private let notReady: Mutex<Set<String>>

  public init(_ settings: WorkerSettings) {
    let all = settings.asr + settings.llm + settings.tts + settings.endOfTurn
    notReady = Mutex(Set(all.filter { $0.process != nil }.map(\.name)))
  }

  /// Takes a change of a supervised worker.
  public func changed(_ change: WorkerStateChange) {
    notReady.withLock { names in
      if change.to == .ready { names.remove(change.name) } else { names.insert(change.name) }
    }
  }

  /// From any thread.
  public func isReady(_ name: String) -> Bool {
    !notReady.withLock { $0.contains(name) }
  }
}
