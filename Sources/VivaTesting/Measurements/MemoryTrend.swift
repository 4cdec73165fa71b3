/// How a process's memory went while the load on it stood still.
public struct MemoryTrend: Sendable, Encodable {
  public struct Point: Sendable {
    public var seconds: Double
    public var bytes: Int

    public init(seconds: Double, bytes: Int) {
      self.seconds = seconds
      self.bytes = bytes
    }
  }

  /// Steady memory may rise by so much of itself in a minute: allocators breathe.
  static let tolerance = 0.005
  /// What is shorter says nothing.
  static let shortestSeconds = 30.0

  /// Before the load.
  public var startKiB: Int
  /// When the load was complete.
  public var rampEndKiB: Int
  public var middleKiB: Int
  public var endKiB: Int
  public var peakKiB: Int
  /// Of the whole time under full load.
  public var kiBPerMinute: Double
  /// Of its second half, when what sessions keep for a while has been filled.
  public var kiBPerMinuteInSecondHalf: Double
  /// Whether it stood still in the second half; nil when that was too short to tell.
  public var isFlat: Bool?

  /// - Parameters:
  ///   - points: in the order of time.
  ///   - steady: seconds between which the load stood still.
  /// - Returns: nil when there are fewer than two points in that time, or none before.
  public init?(_ points: [Point], steady: ClosedRange<Double>) {
    let under = points.filter { steady.contains($0.seconds) }
    guard let start = points.first, let first = under.first, let last = under.last,
      let whole = Self.trend(under)
    else { return nil }
    let middle = (first.seconds + last.seconds) / 2
    let secondHalf = under.filter { $0.seconds >= middle }
    startKiB = start.bytes / 1024
    rampEndKiB = first.bytes / 1024
    middleKiB = (secondHalf.first ?? last).bytes / 1024
    endKiB = last.bytes / 1024
    peakKiB = (under.map(\.bytes).max() ?? last.bytes) / 1024
    kiBPerMinute = whole
    kiBPerMinuteInSecondHalf = Self.trend(secondHalf) ?? whole
    if last.seconds - middle >= Self.shortestSeconds {
      isFlat = kiBPerMinuteInSecondHalf <= Self.tolerance * Double(endKiB)
    }
  }

  private static func trend(_ points: [Point]) -> Double? {
    LinearTrend(points.map { ($0.seconds / 60, Double($0.bytes) / 1024) })?.slope
  }
}
