import Resilience

/// Who asks the workers whether they are back.
public protocol LadderProbes: Sendable {
  /// From now on the session wants to know of these, and of no others: each about every second, by
  /// `Session.ladder(_:)`. None when it wants nothing any more, which is at its end at the latest.
  ///
  /// Called on the session's shard; must be quick.
  func want(_ capabilities: [Ladder.Capability], for session: Session)
}

/// Nobody asks: then only a session's own calls can show it.
public struct NoLadderProbes: LadderProbes {
  public init() {}

  public func want(_ capabilities: [Ladder.Capability], for session: Session) {}
}
