import Media
import Runtime
import Synchronization

/// A thread with the calls of many bots on it: their peers, their sockets and their clock. For any thread.
public final class CallLine: Sendable {
  private let shard: Shard
  private let ids = Atomic<UInt64>(0)
  private let confined: Confined
  /// One for all of its calls.
  let identity: DTLSIdentity
  public let tally: BotTally

  /// `@unchecked Sendable`: the loop is touched only by what is posted to the shard's thread, and by what it itself has
  /// called there.
  private struct Confined: @unchecked Sendable {
    let loop: CallLoop
  }

  /// - Parameters:
  ///   - calls: at once, at most; and twice as many soon after each other.
  ///   - host: the server's, which tells whether it is this machine.
  ///   - tally: what the bots go through is counted there, at most a second later.
  public init(calls: Int, host: String, tally: BotTally) throws(DTLSError) {
    shard = Shard(index: 0)
    self.tally = tally
    let now = WallClock.now.unixNanoseconds / 1_000_000_000
    identity = try DTLSIdentity.generate(notBefore: now - 60, notAfter: now + 7 * 86_400)
    let isLoopback = host == "localhost" || host.hasPrefix("127.")
    confined = Confined(
      loop: CallLoop(shard: shard, capacity: max(1, min(60_000, calls * 2)), isLoopback: isLoopback, tally: tally))
    shard.start()
  }

  /// Ends the thread, when there are no calls any more. Without this it lives as long as the process.
  public func stop() {
    shard.post { [confined] in confined.loop.stop() }
    shard.stop()
  }

  /// Names a call.
  func newID() -> UInt64 { ids.wrappingAdd(1, ordering: .relaxed).newValue }

  /// Returns when the call is over: by its plan, by the server, or because the task is cancelled.
  func run(_ plan: BotCall.Plan, as id: UInt64) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { over in
        shard.post { [confined] in confined.loop.open(plan, as: id) { over.resume() } }
        // It may have been cancelled before there was anything to hang up.
        if Task.isCancelled { hangUp(id) }
      }
    } onCancel: {
      hangUp(id)
    }
  }

  func heard(_ event: CallEvent, _ id: UInt64) {
    shard.post { [confined] in confined.loop.heard(event, id) }
  }

  func hangUp(_ id: UInt64) {
    shard.post { [confined] in confined.loop.hangUp(id) }
  }
}
