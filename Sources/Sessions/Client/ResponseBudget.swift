import Realtime
import Runtime

/// What one key may spend on answers, shared by all of its sessions. Thread-safe; never blocks for long.
public protocol ResponseBudget: Sendable {
  /// Takes one answer from the budget, if there is one.
  ///
  /// - Returns: whether there was, and the limits as they stand now, for `rate_limits.updated`; empty where nothing is
  ///   limited.
  func admitResponse(at now: Instant) -> (isAdmitted: Bool, limits: [RateLimit])

  /// Books what an answer has cost.
  func spend(tokens: Int)
}

/// For tests, and for keys without limits.
public struct UnlimitedBudget: ResponseBudget {
  public init() {}

  public func admitResponse(at now: Instant) -> (isAdmitted: Bool, limits: [RateLimit]) { (true, []) }

  public func spend(tokens: Int) {}
}
