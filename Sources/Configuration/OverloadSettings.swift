/// `ladder.overload:`, when the node's own threads are too late for voices and its sessions go down for that.
public struct OverloadSettings: Sendable, Equatable {
  /// How late the timers of a session thread are in the mean of a second when it is overloaded, in ms: 1...10000.
  public var lagMilliseconds = 100
  /// And when it is calm again, in ms: no more than `lagMilliseconds`.
  public var calmLagMilliseconds = 20
  /// So many seconds in a row before each step down: 1...600.
  public var afterSeconds = 5
  /// So many calm seconds in a row before each step up: 1...3600.
  public var calmSeconds = 15
  /// The levels go no lower than this: 1...5; 1 is off.
  public var worstLevel = 3

  public init() {}
}
