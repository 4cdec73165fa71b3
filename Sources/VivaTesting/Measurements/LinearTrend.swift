/// The straight line through points that fits best (least squares).
public struct LinearTrend: Sendable {
  public var slope: Double
  public var intercept: Double

  /// nil for fewer than two points, and when all have the same x.
  public init?(_ points: [(x: Double, y: Double)]) {
    guard points.count > 1 else { return nil }
    let count = Double(points.count)
    let meanX = points.reduce(0) { $0 + $1.x } / count
    let meanY = points.reduce(0) { $0 + $1.y } / count
    let spread = points.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
    guard spread > 0 else { return nil }
    slope = points.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) } / spread
    intercept = meanY - slope * meanX
  }
}
