import VivaConfiguration

/// A call to a provider that has a fault, with the deadlines of a call to one that has none.
struct FaultyCall<Event: Sendable>: Sendable {
  let fault: Fault
  let worker: String
  let limits: Deadlines
  let slowness: Duration
  /// What it says where it says nothing; an empty list is `emptyReply`.
  let hollow: [Event]
  /// Waits until its first result is due.
  var hearing: @Sendable () async -> Void = {}
  /// Whether it hangs before its first result, which is its last.
  var isOneResult = false
  let isResult: @Sendable (Event) -> Bool
  /// The call to the provider itself.
  let call: @Sendable () -> AsyncThrowingStream<Event, any Error>

  func events() -> AsyncThrowingStream<Event, any Error> {
    workerCall(worker, limits: limits) { call in
      if let error = fault.error(of: worker) { throw error }
      await hearing()
      try Task.checkCancellation()
      switch fault {
      case .slowFirstByte:
        call.watchdog.expect(.firstResultTimeout)
        try await Task.sleep(for: slowness)
        call.watchdog.relax()
        for try await event in self.call() { call.yield(event) }
      case .hang:
        if !isOneResult { try await passFirstResult(to: call) }
        call.watchdog.expect(isOneResult ? .firstResultTimeout : .gapTimeout)
        while true { try await Task.sleep(for: .seconds(3600)) }
      default:
        guard !hollow.isEmpty else { throw call.fail(.emptyReply, "a fault on purpose: an empty reply") }
        for event in hollow { call.yield(event) }
      }
    }
  }

  private func passFirstResult(to call: WorkerCall<Event>) async throws {
    for try await event in self.call() {
      call.yield(event)
      if isResult(event) { return }
    }
  }
}
