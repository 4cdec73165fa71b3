import Scheduling

/// How urgent the calls are that a task makes to workers. Those of a session are CRITICAL unless it says otherwise.
public enum CallPriority {
  @TaskLocal public static var current = Priority.critical
}

/// A slot at a worker, until it is given back by exactly one of `finish`, `stopped` and a failed `again`.
struct Lease: Sendable {
  let pool: WorkerPool
  let id: RequestID
  let ticket: UInt64
  /// From the cancel to the free slot, as the worker declares it.
  let cancelLatency: Duration

  /// A more urgent call needs the slot.
  var isRevoked: Bool { pool.isRevoked(id) }

  func onRevoke(_ revoke: @escaping @Sendable () -> Void) { pool.onRevoke(id, revoke) }

  /// The call has ended by itself.
  func finish(succeeded: Bool) { pool.finish(id, succeeded: succeeded) }

  /// The caller has left; `stopped` follows when the worker has stopped.
  func stopping() { pool.stopping(id) }

  func stopped() { pool.stopped(id) }

  /// After it was revoked and the worker has stopped: waits for another slot.
  ///
  /// - Throws: As `WorkerPool.lease`; then the lease is over.
  func again() async throws { try await pool.again(id, ticket) }
}
