import Synchronization

/// The server's shards, and which one takes the next session.
public final class ShardGroup: Sendable {
  public let shards: [Shard]
  private let next = Atomic<UInt>(0)

  /// - Parameter count: at least 1.
  public init(count: Int, lagObserver: (@Sendable (_ shard: Int, Duration) -> Void)? = nil) {
    shards = (0..<max(1, count)).map { index in
      Shard(index: index, lagObserver: lagObserver.map { observer in { observer(index, $0) } })
    }
  }

  public func start() {
    for shard in shards { shard.start() }
  }

  public func stop() {
    for shard in shards { shard.stop() }
  }

  /// Returns when every shard has done what was posted to it before.
  public func settle() async {
    for shard in shards {
      await withCheckedContinuation { continuation in shard.post { continuation.resume() } }
    }
  }

  /// Round robin: sessions of one kind cost the same.
  public func assign() -> Shard {
    shards[Int(next.wrappingAdd(1, ordering: .relaxed).oldValue % UInt(shards.count))]
  }
}
