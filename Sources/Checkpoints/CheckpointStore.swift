/// Where the events of sessions are kept. What a client is told is final was committed here first (RPO 0).
///
/// A store takes opaque records: it does not know what a session event is.
public protocol CheckpointStore: Sendable {
  /// Appends `records` to the log of `session` in order, all or none, then calls `then`.
  ///
  /// Commits of one session complete in the order they were made. `then` runs on any thread, perhaps before
  /// this call returns, and is told whether the records are safe.
  func commit(
    _ records: [CheckpointRecord], session: String, then: @escaping @Sendable (CommitResult) -> Void)

  /// Forgets a session.
  func remove(session: String)
}

public enum CommitResult: Sendable, Equatable {
  case committed
  case failed(reason: String)
}

/// One event, as bytes.
public struct CheckpointRecord: Sendable, Equatable {
  public var bytes: [UInt8]

  public init(bytes: [UInt8]) {
    self.bytes = bytes
  }
}
