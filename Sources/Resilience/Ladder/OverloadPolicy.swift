import Runtime

/// When the node's own threads come too late for voices: a floor for the ladders of all its sessions, a level at a time
/// for as long as it lasts, and back in the same way. What lies between the two limits changes nothing.
public struct OverloadPolicy: Sendable {
  public struct Settings: Sendable, Equatable {
    /// Mean lateness of timers from which a sample is overloaded.
    public var lag = Duration.milliseconds(100)
    /// And up to which it is calm; no more than `lag`.
    public var calmLag = Duration.milliseconds(20)
    /// All samples of so long are overloaded before each step down, calm before each step up.
    public var after = Duration.seconds(5)
    public var calm = Duration.seconds(15)
    /// `.full` is off.
    public var worst = Ladder.Level.predefined

    public init() {}
  }

  private let settings: Settings
  public private(set) var floor = Ladder.Level.full
  private var overloadedSince: Instant?
  private var calmSince: Instant?

  public init(_ settings: Settings = Settings()) {
    self.settings = settings
  }

  /// How late timers were in the mean since the last sample, on the worst thread.
  ///
  /// - Returns: the new floor; nil where it stays.
  public mutating func sampled(lag: Duration, at now: Instant) -> Ladder.Level? {
    overloadedSince = lag >= settings.lag ? overloadedSince ?? now : nil
    calmSince = lag <= settings.calmLag ? calmSince ?? now : nil
    if let since = overloadedSince, now - since >= settings.after, floor < settings.worst {
      overloadedSince = now
      return step(by: 1)
    }
    if let since = calmSince, now - since >= settings.calm, floor > .full {
      calmSince = now
      return step(by: -1)
    }
    return nil
  }

  private mutating func step(by levels: Int) -> Ladder.Level? {
    guard let next = Ladder.Level(rawValue: floor.rawValue + levels) else { return nil }
    floor = next
    return next
  }
}
