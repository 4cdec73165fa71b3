/// A function of an agent that Viva calls itself, over HTTP.
public struct HTTPTool: Sendable, Equatable {
  /// As functions are named: 1 to 64 letters, digits, `_` and `-`.
  public var name: String
  /// What the language model is told about it.
  public var description: String?
  /// A JSON Schema of type `object`, as JSON; nil for a function without parameters.
  public var parameters: String?
  /// `http://` or `https://`. May hold a secret; never logged in full.
  public var url: String
  /// Of the whole call, retries included: 100...300000.
  public var timeoutMilliseconds = 10_000
  /// The name of a retry profile: `default`, `real-time` or `batch`.
  public var retry = "real-time"
  /// Signs the requests, as for `WebhookSettings.secret`; nil leaves them unsigned. Never logged.
  public var secret: String?
  /// Sent with each request. Never logged.
  public var headers: [String: String] = [:]
  /// What is said when the answer takes long; nil is silence.
  public var filler: ToolFiller?

  public init(name: String, url: String) {
    self.name = name
    self.url = url
  }
}

/// What the agent says while a tool takes long.
public struct ToolFiller: Sendable, Equatable {
  /// One of them is said; never empty.
  public var phrases: [String]
  /// From the call: 0...60000.
  public var afterMilliseconds: Int

  public init(phrases: [String], afterMilliseconds: Int = 1200) {
    self.phrases = phrases
    self.afterMilliseconds = afterMilliseconds
  }
}
