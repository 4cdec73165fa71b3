import Runtime
import Synchronization
import VivaConfiguration

/// The deadlines of one worker call: says what is waited for, and fails the call when it does not come.
final class Watchdog: Sendable {
  /// In milliseconds; adaptive limits have a floor above it.
  private static let shortestAdaptive = 500

  private struct Wait {
    var kind: WorkerError.Kind
    var limit: Int
    var due: Instant
  }

  private let worker: String
  private let limits: Deadlines
  private let context: CallContext?
  private let wait = Mutex<Wait?>(nil)

  /// - Parameter context: May make the first result due earlier.
  init(worker: String, limits: Deadlines, context: CallContext? = nil) {
    self.worker = worker
    self.limits = limits
    self.context = context
  }

  /// Starts, or starts again, the clock for the next result; replaces what was waited for before.
  ///
  /// - Parameter kind: `.connection`, `.firstResultTimeout` or `.gapTimeout`, which is also the error at its end.
  func expect(_ kind: WorkerError.Kind) {
    let limit = limit(of: kind)
    let due = Instant.now.advanced(by: .milliseconds(limit))
    wait.withLock { $0 = Wait(kind: kind, limit: limit, due: due) }
  }

  /// Nothing is waited for.
  func relax() {
    wait.withLock { $0 = nil }
  }

  /// Returns when the task is cancelled.
  ///
  /// - Throws: the `WorkerError` of a deadline that passed.
  func run() async throws {
    // A sleep no longer than the shortest limit never misses a wait that begins during it, so nothing has to
    // wake the watchdog when one does.
    let shortest = Duration.milliseconds(
      max(1, min(limits.connect, limits.firstResult, limits.gap, context == nil ? .max : Self.shortestAdaptive)))
    while !Task.isCancelled {
      let now = Instant.now
      var pause = shortest
      if let current = wait.withLock({ $0 }) {
        guard now < current.due else { throw expired(current) }
        pause = min(pause, current.due - now)
      }
      try? await Task.sleep(for: pause)
    }
  }

  private func limit(of kind: WorkerError.Kind) -> Int {
    switch kind {
    case .connection: limits.connect
    case .firstResultTimeout: min(limits.firstResult, context?.firstResultLimit?.milliseconds ?? .max)
    default: limits.gap
    }
  }

  private func expired(_ wait: Wait) -> WorkerError {
    let what =
      switch wait.kind {
      case .connection: "no connection"
      case .firstResultTimeout: "no first result"
      default: "stalled"
      }
    return WorkerError(wait.kind, worker: worker, message: "\(what) within \(wait.limit) ms")
  }
}
