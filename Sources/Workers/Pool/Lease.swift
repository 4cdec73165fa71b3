import Runtime
import Scheduling

/// What a call to a worker wants of the pool.
struct SlotWish: Sendable {
  var lane: WorkerPool.Lane
  var priority = CallPriority.current ?? CallPriority(.critical)
  var affinity = CallAffinity.current
  /// When it first wanted a slot of any provider; nil is now.
  var arrivedAt: Instant?
  /// It had its turn before, here or at another provider.
  var waitsAgain = false
  /// Instances of the provider, by their position, that have failed it.
  var avoids: Set<Int> = []
}

/// A slot at a worker, until it is given back by exactly one of `end`, `stopped` and a failed `again`.
struct Lease: Sendable {
  let pool: WorkerPool
  let id: RequestID
  let ticket: UInt64
  let wish: SlotWish
  /// Which of the provider's instances has the slot, by its position.
  let instance: Int
  /// From the cancel to the free slot, as the worker declares it.
  let cancelLatency: Duration

  /// A more urgent call needs the slot.
  var isRevoked: Bool { pool.isRevoked(id) }

  func onRevoke(_ revoke: @escaping @Sendable () -> Void) { pool.onRevoke(id, revoke) }

  /// The first result is there.
  func progress() { pool.progress(id) }

  /// The call has ended by itself.
  func end(_ ending: CallEnding) { pool.end(id, ending) }

  /// The caller has left; `stopped` follows when the worker has stopped.
  func stopping() { pool.stopping(id) }

  func stopped() { pool.stopped(id) }

  /// After it was revoked and the worker has stopped: waits for another slot.
  ///
  /// - Throws: As `WorkerPool.lease`; then the lease is over.
  func again() async throws -> Lease { try await pool.again(self) }

  /// The same wish, after this lease has ended with a failure of its instance; nil where the provider has no instance that
  /// has not been tried.
  func wishElsewhere() -> SlotWish? {
    var wish = wish
    wish.avoids.insert(instance)
    wish.waitsAgain = true
    return wish.avoids.count < pool.instances(of: wish.lane) ? wish : nil
  }
}

/// What a call's end says of the worker instance that it was at.
enum CallEnding: Sendable, Equatable {
  case answered, failed
  /// No first result in time.
  case late
  /// It has too many calls (429, 503).
  case refused
  /// No connection, or a lost one.
  case unreachable

  init(_ error: WorkerError) {
    self =
      switch error.kind {
      case .connection: .unreachable
      case .firstResultTimeout: .late
      case .refused where error.status == 429 || error.status == 503: .refused
      default: .failed
      }
  }
}
