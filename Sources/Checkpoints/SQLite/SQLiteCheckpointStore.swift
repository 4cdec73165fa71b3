import Foundation
import Runtime
import Synchronization

/// Durability level `local`: what was committed is on this machine's disk. One thread writes, and each of its commits
/// serves all sessions that wait.
public final class SQLiteCheckpointStore: CheckpointStore {
  private struct State {
    var queue = CommitQueue()
    var ended: [String] = []
  }

  private let database: CheckpointDatabase
  private let observer: any CheckpointObserver
  private let state = Mutex(State())
  /// Signalled when there is something new for the writer.
  private let news = DispatchSemaphore(value: 0)
  private let hasStopped = DispatchSemaphore(value: 0)

  /// - Parameters:
  ///   - folder: Made where it is missing; one server at a time may have it.
  ///   - observer: Told from the writer's thread.
  public init(folder: String, key: CheckpointKey, observer: any CheckpointObserver) throws(CheckpointProblem) {
    database = try CheckpointDatabase(folder: folder, key: key)
    self.observer = observer
    let writer = Thread { [self] in write() }
    writer.name = "viva-checkpoints"
    writer.start()
  }

  public func commit(
    _ records: [CheckpointRecord], session: String, then: @escaping @Sendable (CommitResult) -> Void
  ) {
    let commit = CommitQueue.Commit(session: session, records: records, then: then)
    guard state.withLock({ $0.queue.append(commit) }) else {
      return then(.failed(reason: "more waits for the disk than there is room for"))
    }
    news.signal()
  }

  public func ended(session: String) {
    state.withLock { $0.ended.append(session) }
    news.signal()
  }

  public var health: CheckpointHealth { state.withLock { $0.queue.health } }

  /// Writes what waits, and closes the database. Blocks; nothing may be committed afterwards.
  public func shutdown() {
    state.withLock { $0.queue.stop() }
    news.signal()
    hasStopped.wait()
    database.close()
  }

  // MARK: The writer

  private func write() {
    var next: [String: Int64] = [:]
    while true {
      switch state.withLock({ $0.queue.next(at: .now) }) {
      case .write(let batch): write(batch, &next)
      case .wait(let due):
        markEnded(&next)
        if let due {
          _ = news.wait(timeout: .now() + .nanoseconds(Int(clamping: max(0, (due - .now).nanoseconds))))
        } else {
          news.wait()
        }
      case .stop:
        markEnded(&next)
        hasStopped.signal()
        return
      }
    }
  }

  private func write(_ batch: [CommitQueue.Commit], _ next: inout [String: Int64]) {
    let began = Instant.now
    do {
      try database.append(batch, next: &next, at: Self.unixMilliseconds)
      let (written, wasDegraded) = state.withLock { state in
        let wasDegraded = state.queue.health != .durable
        return (state.queue.written(), wasDegraded)
      }
      observer.wrote(records: written.reduce(0) { $0 + $1.records.count }, commits: written.count, in: .now - began)
      if wasDegraded { observer.changed(.durable) }
      for commit in written { commit.then(.committed) }
    } catch {
      let (lost, change) = state.withLock { state in
        let before = state.queue.health
        let lost = state.queue.failed("\(error)", at: .now)
        return (lost, state.queue.health == before ? nil : state.queue.health)
      }
      if let change { observer.changed(change) }
      for commit in lost { commit.then(.failed(reason: "\(error)")) }
    }
  }

  /// Not in the way of commits, and tried again with the next ones where it fails.
  private func markEnded(_ next: inout [String: Int64]) {
    let ended = state.withLock { $0.ended }
    guard !ended.isEmpty, (try? database.markEnded(ended, at: Self.unixMilliseconds)) != nil else { return }
    state.withLock { $0.ended.removeFirst(ended.count) }
    for session in ended { next[session] = nil }
  }

  private static var unixMilliseconds: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}

/// Watches a store. Called on its writer's thread.
public protocol CheckpointObserver: Sendable {
  /// A batch is on the disk.
  func wrote(records: Int, commits: Int, in duration: Duration)
  func changed(_ health: CheckpointHealth)
}
