/// `checkpoints:`, what of a conversation outlives what.
public struct CheckpointSettings: Sendable, Equatable {
  public enum Durability: String, Sendable, CaseIterable {
    /// A conversation lives as long as the server does.
    case process
    /// What the client was told is final is on the disk.
    case local
  }

  public var durability = Durability.process
  /// Where sessions are kept. The loader resolves a relative path, the default's too.
  public var folder = "../.viva/data"
  /// The key that they are encrypted with, made at the first run; outside `folder`. Resolved like that.
  public var keyFile = "../.viva/checkpoints.key"

  public init() {}
}
