/// An address that is told what happens in sessions, signed as Standard Webhooks (standardwebhooks.com) says.
public struct WebhookSettings: Sendable, Equatable {
  /// What can be told.
  public enum Event: String, Sendable, CaseIterable {
    case sessionStarted = "session.started"
    case turnCommitted = "turn.committed"
    case sessionEnded = "session.ended"
  }

  /// `https://`, or `http://` where the operator allows it. May hold a secret itself; never logged in full.
  public var url: String
  /// `whsec_` and the base64 of 24 to 64 bytes, or any text of 16 characters or more. Never logged.
  public var secret: String
  /// Names from `Event`; empty means all.
  public var events: [String] = []
  /// Of one attempt: 100...300000.
  public var timeoutMilliseconds = 10_000
  /// The name of a retry profile: `default`, `real-time` or `batch`.
  public var retry = "batch"
  /// Events that may wait for delivery to this address, of all sessions together: 1...1000000.
  public var queueLimit = 100_000

  public init(url: String, secret: String) {
    self.url = url
    self.secret = secret
  }
}
