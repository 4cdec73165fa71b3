/// How much work an encoder may do, by the load of its shard: encoding is three quarters of a session's cost, and
/// complexity 0 costs a third of 5. One for a shard. (Thresholds in the manner of Jitsi Videobridge's load manager.)
///
/// Above `highLoad` it goes down a step, at most every second; above `overload` to 0 at once. It goes up a step after
/// ten seconds in a row below `lowLoad`; between the two it stays.
public struct EncoderComplexity: Sendable, Equatable {
  public static let overload = 0.9
  public static let highLoad = 0.75
  public static let lowLoad = 0.55

  private static let steps = [0, 2, 5, 8, 10]
  /// In seconds.
  private static let timeToFall = 1.0
  private static let timeToRise = 10.0

  public let maximum: Int
  /// 0 (fastest) to 10 (best).
  public private(set) var current: Int
  /// In seconds: since the last step, and since the load was last not low.
  private var sinceStep = 0.0
  private var lowFor = 0.0

  /// - Parameter maximum: Without load; 0...10.
  public init(maximum: Int = 5) {
    self.maximum = min(max(0, maximum), 10)
    current = self.maximum
  }

  /// - Parameters:
  ///   - load: Share of the time since the last update that the shard was busy, 0...1.
  ///   - seconds: Since the last update.
  @discardableResult
  public mutating func update(load: Double, after seconds: Double) -> Int {
    sinceStep += max(0, seconds)
    lowFor = load < Self.lowLoad ? lowFor + max(0, seconds) : 0
    if load >= Self.overload {
      change(to: 0)
    } else if load >= Self.highLoad, sinceStep >= Self.timeToFall {
      change(to: Self.steps.last { $0 < current } ?? 0)
    } else if lowFor >= Self.timeToRise, current < maximum {
      change(to: min(maximum, Self.steps.first { $0 > current } ?? maximum))
    }
    return current
  }

  private mutating func change(to complexity: Int) {
    guard complexity != current else { return }
    current = complexity
    sinceStep = 0
    lowFor = 0
  }
}
