import Runtime

/// When reports are due: each interval is drawn anew between half and one and a half of the mean, so that peers do not
/// fall into step, and the first is half as long (RFC 3550, section 6.2).
///
/// The mean is fixed. With two parties to a session it need not be computed; one report of some 100 bytes a second is
/// within the 5 % of an audio stream that RTCP may use (RFC 4585, section 3.4).
public struct RTCPSchedule: Sendable {
  public let interval: Duration
  public private(set) var nextDeadline: Instant

  public init(interval: Duration = .seconds(1), at now: Instant, using generator: inout some RandomNumberGenerator) {
    self.interval = interval
    nextDeadline = now
    nextDeadline = now + draw(using: &generator) / 2
  }

  public func isDue(at now: Instant) -> Bool { now >= nextDeadline }

  /// A report has gone out.
  public mutating func sent(at now: Instant, using generator: inout some RandomNumberGenerator) {
    nextDeadline = now + draw(using: &generator)
  }

  /// A report is wanted at once, such as after a restart.
  public mutating func hurry(at now: Instant) {
    nextDeadline = min(nextDeadline, now)
  }

  private func draw(using generator: inout some RandomNumberGenerator) -> Duration {
    let nanoseconds = max(1, interval.nanoseconds)
    return .nanoseconds(nanoseconds / 2 + Int64.random(in: 0...nanoseconds, using: &generator))
  }
}
