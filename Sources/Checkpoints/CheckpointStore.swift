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

  /// The session commits nothing any more. What it has committed is kept as long as the store keeps such things.
  func ended(session: String)
}

public enum CommitResult: Sendable, Equatable {
  case committed
  case failed(reason: String)
}

/// One event, as bytes.
public struct CheckpointRecord: Sendable, Equatable {
  /// Of the bytes' form; who reads a record of a later version than its own leaves it alone.
  public var version: Int
  public var bytes: [UInt8]

  public init(version: Int = 1, bytes: [UInt8]) {
    self.version = version
    self.bytes = bytes
  }
}
