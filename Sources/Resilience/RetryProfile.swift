import Foundation
import Runtime

/// How often, and how patiently, a failed request is repeated: exponential backoff with jitter.
///
/// What may be repeated at all (time-outs, connections, 429, 503) is the caller's knowledge.
public struct RetryProfile: Sendable, Equatable {
  /// After the first attempt.
  public var maxRetries: Int
  public var firstDelay: Duration
  /// No delay is longer, jitter included.
  public var maxDelay: Duration
  /// What each delay is multiplied by for the next one.
  public var multiplier: Double

  /// The part of a delay that chance adds or takes away, so that those who failed together do not come back together.
  static let jitter = 0.1

  public init(maxRetries: Int, firstDelay: Duration, maxDelay: Duration, multiplier: Double = 2) {
    self.maxRetries = maxRetries
    self.firstDelay = firstDelay
    self.maxDelay = maxDelay
    self.multiplier = multiplier
  }

  public static let standard = RetryProfile(
    maxRetries: 3, firstDelay: .milliseconds(100), maxDelay: .seconds(5))
  /// For what a caller is waiting for.
  public static let realTime = RetryProfile(
    maxRetries: 2, firstDelay: .milliseconds(50), maxDelay: .milliseconds(200))
  /// For what nobody is waiting for.
  public static let batch = RetryProfile(maxRetries: 5, firstDelay: .seconds(1), maxDelay: .seconds(30))

  /// The profile with its name in the configuration: `default`, `real-time` or `batch`; nil for another name.
  public init?(named name: String) {
    switch name {
    case "default": self = .standard
    case "real-time": self = .realTime
    case "batch": self = .batch
    default: return nil
    }
  }

  /// How long to wait before retry `number`, from 1; nil when there is no such retry.
  public func delay(
    beforeRetry number: Int, using random: inout some RandomNumberGenerator
  ) -> Duration? {
    guard number >= 1, number <= maxRetries else { return nil }
    let longest = maxDelay.inSeconds
    let grown = firstDelay.inSeconds * pow(multiplier, Double(number - 1))
    let seconds = grown < longest ? grown : longest
    let chance = Double.random(in: (1 - Self.jitter)...(1 + Self.jitter), using: &random)
    return .seconds(max(0, min(seconds * chance, longest)))
  }
}
