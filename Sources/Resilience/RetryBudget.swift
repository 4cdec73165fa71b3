import Runtime

/// How many retries the process may make, so that a failure is not answered with more load: a part of the requests of
/// the last 10 seconds, and a few a second besides, so that a quiet server may repeat a call, too (Finagle's
/// `RetryBudget`, gRPC's retry throttling).
///
/// For calls that go to the same provider again. Going over to the next provider is no retry, and no budget stops it.
public struct RetryBudget: Sendable {
  /// In seconds.
  private static let window: Int64 = 10
  /// More than a process ever makes in a second; keeps sums from overflowing.
  private static let most = Int64(Int32.max)

  private struct Second {
    var number = Int64.min
    var requests: Int64 = 0
    var retries: Int64 = 0
  }

  /// Retries for each request; 0...1.
  public let ratio: Double
  public let minimumPerSecond: Double
  private var seconds = [Second](repeating: Second(), count: Int(window))
  private var latest = Int64.min

  /// Numbers out of range are moved into it; NaN counts as zero.
  public init(ratio: Double = 0.2, minimumPerSecond: Double = 10) {
    self.ratio = ratio > 0 ? min(ratio, 1) : 0
    self.minimumPerSecond = minimumPerSecond > 0 ? min(minimumPerSecond, 1e6) : 0
  }

  /// A request that is no retry.
  public mutating func requested(at now: Instant) {
    change(at: now) { $0.requests = min($0.requests + 1, Self.most) }
  }

  /// Takes a retry if there is one.
  public mutating func takeRetry(at now: Instant) -> Bool {
    guard available(at: now) >= 1 else { return false }
    change(at: now) { $0.retries = min($0.retries + 1, Self.most) }
    return true
  }

  /// Retries that may be made now.
  public func available(at now: Instant) -> Double {
    let number = max(latest, Self.number(of: now))
    var requests: Int64 = 0
    var retries: Int64 = 0
    for second in seconds where second.number <= number && second.number > number - Self.window {
      requests += second.requests
      retries += second.retries
    }
    return max(0, Double(requests) * ratio + minimumPerSecond * Double(Self.window) - Double(retries))
  }

  private mutating func change(at now: Instant, _ change: (inout Second) -> Void) {
    // A clock that goes back counts for the latest second.
    latest = max(latest, Self.number(of: now))
    let index = Int(((latest % Self.window) + Self.window) % Self.window)
    if seconds[index].number != latest { seconds[index] = Second(number: latest) }
    change(&seconds[index])
  }

  private static func number(of now: Instant) -> Int64 { now.nanoseconds / 1_000_000_000 }
}
