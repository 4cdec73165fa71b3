import Synchronization

/// Durability level `process`: records live as long as the server does. Commits complete before they return.
public final class MemoryCheckpointStore: CheckpointStore {
  private let logs = Mutex<[String: [CheckpointRecord]]>([:])

  public init() {}

  public func commit(
    _ records: [CheckpointRecord], session: String, then: @escaping @Sendable (CommitResult) -> Void
  ) {
    logs.withLock { $0[session, default: []].append(contentsOf: records) }
    then(.committed)
  }

  public func records(session: String) -> [CheckpointRecord] {
    logs.withLock { $0[session] ?? [] }
  }

  public func remove(session: String) {
    logs.withLock { $0[session] = nil }
  }
}
