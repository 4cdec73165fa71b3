import Synchronization

/// What those who ask a provider and the adapter that does the asking know of each other: how long the first result may
/// take, and whether the connections have ended. Task-local, so that the protocols of the workers stay as they are.
final class CallContext: Sendable {
  @TaskLocal static var current: CallContext?

  private struct State {
    var calls = 0
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let limit: @Sendable () -> Duration?
  private let state = Mutex(State())

  /// - Parameter firstResultLimit: Asked when the wait begins; a longer one than the provider's own changes nothing.
  init(firstResultLimit: @escaping @Sendable () -> Duration?) {
    limit = firstResultLimit
  }

  var firstResultLimit: Duration? { limit() }

  /// A call to a worker begins; what it holds is held until `ended`.
  func began() {
    state.withLock { $0.calls += 1 }
  }

  func ended() {
    let waiters = state.withLock { state in
      state.calls -= 1
      guard state.calls == 0 else { return [CheckedContinuation<Void, Never>]() }
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Waits until no call is under way, whoever is cancelled meanwhile.
  func allEnded() async {
    await withCheckedContinuation { waiter in
      let isOver = state.withLock { state in
        guard state.calls > 0 else { return true }
        state.waiters.append(waiter)
        return false
      }
      if isOver { waiter.resume() }
    }
  }
}
