import Synchronization
import Testing

@testable import Runtime

@Suite("Shard")
struct ShardTests {
  /// An actor that lives on a shard.
  private actor Resident {
    let shard: Shard
    nonisolated var unownedExecutor: UnownedSerialExecutor { shard.asUnownedSerialExecutor() }
    private(set) var seen: [Int] = []

    init(_ shard: Shard) { self.shard = shard }

    func see(_ value: Int) { seen.append(value) }

    func fire(after delay: Duration) async {
      await withCheckedContinuation { continuation in
        _ = shard.schedule(at: .now + delay) { continuation.resume() }
      }
    }

    /// Sets two timers and cancels the first; returns which fired.
    func race() async -> [Int] {
      let fired = Mutex<[Int]>([])
      await withCheckedContinuation { continuation in
        let first = shard.schedule(at: .now + .milliseconds(5)) { fired.withLock { $0.append(1) } }
        _ = shard.schedule(at: .now + .milliseconds(30)) {
          fired.withLock { $0.append(2) }
          continuation.resume()
        }
        shard.cancel(first)
      }
      return fired.withLock { $0 }
    }
  }

  private final class Count: Sendable {
    let value = Atomic<Int>(0)
  }

  private func withShard<Result: Sendable>(_ body: (Shard) async throws -> Result) async rethrows -> Result {
    let shard = Shard(index: 0)
    shard.start()
    defer { shard.stop() }
    return try await body(shard)
  }

  @Test("runs posted messages in order, on its own thread")
  func postsInOrder() async {
    await withShard { shard in
      let seen = Mutex<[Int]>([])
      for value in 0..<1000 {
        shard.post {
          shard.checkIsolated()
          seen.withLock { $0.append(value) }
        }
      }
      await withCheckedContinuation { continuation in shard.post { continuation.resume() } }
      #expect(seen.withLock { $0 } == Array(0..<1000))
    }
  }

  @Test("loses no wake-up when many threads post while it falls asleep")
  func wakeUps() async {
    await withShard { shard in
      let count = Count()
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
          group.addTask {
            for _ in 0..<500 {
              await withCheckedContinuation { continuation in
                shard.post {
                  count.value.wrappingAdd(1, ordering: .relaxed)
                  continuation.resume()
                }
              }
            }
          }
        }
      }
      #expect(count.value.load(ordering: .relaxed) == 4000)
    }
  }

  @Test("is the executor of its actors, also for synchronous entry")
  func executor() async {
    await withShard { shard in
      let resident = Resident(shard)
      await resident.see(1)
      shard.post { resident.assumeIsolated { $0.see(2) } }
      await resident.see(3)
      #expect(await resident.seen == [1, 2, 3])
    }
  }

  @Test("fires timers, not those cancelled")
  func timers() async {
    await withShard { shard in
      let resident = Resident(shard)
      await resident.fire(after: .milliseconds(5))
      #expect(await resident.race() == [2])
    }
  }

  @Test("assigns sessions to shards in turn")
  func assignment() {
    let group = ShardGroup(count: 3)
    #expect((0..<6).map { _ in group.assign().index } == [0, 1, 2, 0, 1, 2])
  }
}
