@preconcurrency import Dispatch
import Glibc
import Synchronization

/// SIGINT and SIGTERM as something to await. A third one ends the process at once.
final class StopSignals: Sendable {
  private struct State {
    var received = 0
    var waiters: [CheckedContinuation<Void, Never>] = []
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

  /// Returns when the server is to stop.
  func wait() async {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        if state.received == 0 { state.waiters.append(continuation) }
        return state.received > 0
      }
      if isOver { continuation.resume() }
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
      let first = try await group.next() ?? false
      // The waiter ends only with a signal: leave it behind by name.
      if first { releaseWaiters() }
      group.cancelAll()
      return first
    }
  }

  private func received() {
    let (count, waiters) = state.withLock { state in
      state.received += 1
      defer { state.waiters = [] }
      return (state.received, state.waiters)
    }
    for waiter in waiters { waiter.resume() }
    if count >= 3 { exit(130) }
  }

  private func releaseWaiters() {
    let waiters = state.withLock { state in
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }
}
