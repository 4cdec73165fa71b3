import NIOPosix
import VivaConfiguration

/// One call to a worker in flight: where its results go, and the watchdog over it.
struct WorkerCall<Event: Sendable>: Sendable {
  let worker: String
  let watchdog: Watchdog
  fileprivate let results: AsyncThrowingStream<Event, any Error>.Continuation

  func yield(_ event: Event) {
    results.yield(event)
  }

  /// Ends the stream for its reader before the call has ended; what is left of the call can no longer be cancelled
  /// by the reader, only by its watchdog.
  func finish() {
    results.finish()
  }

  func fail(_ kind: WorkerError.Kind, _ message: String, status: Int? = nil) -> WorkerError {
    WorkerError(kind, worker: worker, message: message, status: status)
  }
}

/// Runs a call to a worker as the stream of its results.
///
/// `body` runs in a task of its own, which is cancelled when the reader cancels or drops the stream and when the
/// call's watchdog barks. Every error reaches the reader as a `WorkerError`; one that is none already was the
/// transport's, so it becomes `.connection`.
func workerCall<Event: Sendable>(
  _ worker: String, limits: Deadlines,
  _ body: @Sendable @escaping (WorkerCall<Event>) async throws -> Void
) -> AsyncThrowingStream<Event, any Error> {
  AsyncThrowingStream { results in
    let context = CallContext.current
    let call = WorkerCall(
      worker: worker, watchdog: Watchdog(worker: worker, limits: limits, context: context), results: results)
    context?.began()
    let task = Task {
      await withTaskGroup(of: (any Error)?.self) { group in
        group.addTask { await outcome { try await call.watchdog.run() } }
        group.addTask { await outcome { try await body(call) } }
        // The reader is told at once; a body that was cancelled while it connects ends a little later.
        switch await group.next() {
        case .some(let error?): results.finish(throwing: asWorkerError(error, worker: worker))
        default: results.finish()
        }
        group.cancelAll()
      }
      context?.ended()
    }
    results.onTermination = { if case .cancelled = $0 { task.cancel() } }
  }
}

private func outcome(_ body: () async throws -> Void) async -> (any Error)? {
  do {
    try await body()
    return nil
  } catch {
    return error
  }
}

private func asWorkerError(_ error: any Error, worker: String) -> WorkerError {
  switch error {
  case let error as WorkerError: error
  case let error as NIOConnectionError:
    WorkerError(.connection, worker: worker, message: "cannot connect to \(error.host):\(error.port)")
  default: WorkerError(.connection, worker: worker, message: "\(error)")
  }
}
