/// Durability level `process`: a conversation lives as long as the server does, in its own `SessionState`. Nothing is
/// kept beside that, for nothing could read it after the server; commits complete before they return.
public struct VolatileCheckpointStore: CheckpointStore {
  public init() {}

  public func commit(
    _ records: [CheckpointRecord], session: String, then: @escaping @Sendable (CommitResult) -> Void
  ) {
    then(.committed)
  }

  public func ended(session: String) {}
}
