import Realtime
import Runtime

/// What one key may spend on answers, shared by all of its sessions. Thread-safe; never blocks for long.
public protocol ResponseBudget: Sendable {
  /// Takes one answer from the budget, and sets tokens for it aside, if there are any left.
  ///
  /// - Parameter tokens: what the answer may need; less is set aside when less is left.
  func admitResponse(reserving tokens: Int, at now: Instant) -> ResponseAdmission

  /// Books what an answer has cost, in place of what was set aside for it.
  func settle(reserved: Int, used: Int, at now: Instant)
}

/// What a budget says of an answer that is wanted.
public struct ResponseAdmission: Sendable, Equatable {
  public var isAdmitted: Bool
  /// Tokens set aside.
  public var reserved: Int
  /// As they stand now, for `rate_limits.updated`; empty where nothing is limited.
  public var limits: [RateLimit]

  public init(isAdmitted: Bool, reserved: Int = 0, limits: [RateLimit] = []) {
    self.isAdmitted = isAdmitted
    self.reserved = reserved
    self.limits = limits
  }
}

/// For tests, and for keys without limits.
public struct UnlimitedBudget: ResponseBudget {
  public init() {}

  public func admitResponse(reserving tokens: Int, at now: Instant) -> ResponseAdmission {
    ResponseAdmission(isAdmitted: true)
  }

  public func settle(reserved: Int, used: Int, at now: Instant) {}
}
