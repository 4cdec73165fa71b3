import Runtime
import Synchronization
import Testing

@testable import Checkpoints

@Suite("What waits for the disk")
struct CommitQueueTests {
  private let start = Instant(nanoseconds: 1_000_000_000)

  private func commit(_ session: String, bytes: Int = 10) -> CommitQueue.Commit {
    CommitQueue.Commit(
      session: session, records: [CheckpointRecord(bytes: [UInt8](repeating: 1, count: bytes))], then: { _ in })
  }

  /// A queue and its writer. `#expect` cannot call what changes a value.
  private final class Writer {
    var queue: CommitQueue

    init(_ queue: CommitQueue = CommitQueue()) { self.queue = queue }

    func append(_ commit: CommitQueue.Commit) -> Bool { queue.append(commit) }
    func written() -> [String] { queue.written().map(\.session) }
    func failed(at now: Instant) -> [String] { queue.failed("disk full", at: now).map(\.session) }
    var hasStopped: Bool { if case .stop = queue.next(at: Instant(nanoseconds: 0)) { true } else { false } }

    func next(at now: Instant) -> [String]? {
      if case .write(let batch) = queue.next(at: now) { batch.map(\.session) } else { nil }
    }

    func pause(at now: Instant) -> Instant? {
      if case .wait(let due) = queue.next(at: now) { due } else { nil }
    }
  }

  @Test("goes together, in its order")
  func batches() {
    let writer = Writer()
    for name in ["a", "b", "a"] { #expect(writer.append(commit(name))) }
    #expect(writer.next(at: start) == ["a", "b", "a"])
    // What comes meanwhile waits for the next one.
    #expect(writer.append(commit("c")))
    #expect(writer.written() == ["a", "b", "a"])
    #expect(writer.next(at: start) == ["c"])
  }

  @Test("is tried again when the disk fails, before all that came later, and after longer and longer pauses")
  func failure() throws {
    let writer = Writer()
    _ = writer.append(commit("a"))
    var now = start
    var pauses: [Int] = []
    for _ in 0..<8 {
      #expect(writer.next(at: now) == ["a"])
      #expect(writer.failed(at: now) == [])
      #expect(writer.queue.health == .degraded(reason: "disk full", since: start))
      _ = writer.append(commit("b"))
      let due = try #require(writer.pause(at: now))
      pauses.append((due - now).milliseconds)
      now = due
    }
    #expect(pauses == [50, 100, 200, 400, 800, 1000, 1000, 1000])
    #expect(writer.next(at: now) == ["a"])
    #expect(writer.written() == ["a"])
    #expect(writer.queue.health == .durable)
    #expect(writer.next(at: now)?.count == 8)
  }

  @Test("is refused beyond its bound, and taken again when there is room")
  func bound() {
    let writer = Writer(CommitQueue(mostWaiting: 1000))
    #expect(writer.append(commit("a", bytes: 800)))
    #expect(!writer.append(commit("b", bytes: 800)))
    _ = writer.next(at: start)
    #expect(!writer.append(commit("b", bytes: 800)))
    _ = writer.written()
    #expect(writer.append(commit("b", bytes: 800)))
  }

  @Test("comes in batches of a bounded size")
  func largeBatches() {
    let writer = Writer()
    for _ in 0..<5000 { _ = writer.append(commit("a")) }
    #expect(writer.next(at: start)?.count == 4096)
    _ = writer.written()
    #expect(writer.next(at: start)?.count == 904)
    // One that is larger than a batch goes alone.
    _ = writer.written()
    _ = writer.append(commit("large", bytes: 20 << 20))
    _ = writer.append(commit("small"))
    #expect(writer.next(at: start) == ["large"])
  }

  @Test("is written once more at the end, and given up by name when that fails, too")
  func stop() {
    let writer = Writer()
    _ = writer.append(commit("a"))
    _ = writer.next(at: start)
    _ = writer.failed(at: start)
    writer.queue.stop()
    #expect(!writer.append(commit("late")))
    #expect(writer.next(at: start) == ["a"])
    #expect(writer.failed(at: start) == ["a"])
    #expect(writer.hasStopped)
  }
}
