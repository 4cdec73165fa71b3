@preconcurrency import Dispatch
import Glibc
import Synchronization

/// SIGINT and SIGTERM as something to await. A third one ends the process at once.
final class StopSignals: Sendable {
  private struct State {
    var received = 0
    var lastWaiter = 0
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = Mutex(State())
  private let sources: [any DispatchSourceSignal]

  init() {
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: .global())
    }
    for source in sources {
      source.setEventHandler { [self] in received() }
      source.resume()
    }
  }

  /// Returns when the server is to stop, or the task is cancelled.
  func wait() async {
    let id = state.withLock { state in
      state.lastWaiter += 1
      return state.lastWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let waits = state.withLock { state in
          guard state.received == 0, !Task.isCancelled else { return false }
          state.waiters[id] = continuation
          return true
        }
        if !waits { continuation.resume() }
      }
    } onCancel: {
      // Before the waiter is there it sees by itself that it is cancelled.
      state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
    }
  }

  /// Runs `body` unless the signal comes first.
  ///
  /// - Returns: whether `body` came to its end.
  func race(_ body: @escaping @Sendable () async throws -> Void) async throws -> Bool {
    try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask {
        try await body()
        return true
      }
      group.addTask { [self] in
        await wait()
        return false
      }
      defer { group.cancelAll() }
      return try await group.next() ?? false
    }
  }

  private func received() {
    let (count, waiters) = state.withLock { state in
      state.received += 1
      defer { state.waiters = [:] }
      return (state.received, state.waiters.values)
    }
    for waiter in waiters { waiter.resume() }
    if count >= 3 { exit(130) }
  }
}
