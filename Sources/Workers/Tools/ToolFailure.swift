import Foundation

/// Why a call of a tool failed, in words for the language model. They name no address: the model may say them aloud.
public struct ToolFailure: Error, Sendable, Equatable {
  public enum Kind: String, Sendable {
    /// The model's arguments are no JSON object.
    case invalidArguments = "invalid_arguments"
    /// No connection, or it was lost.
    case connection = "connection_error"
    /// No whole answer in the tool's time.
    case timeout
    /// The service answered with a status other than 2xx.
    case refused = "http_error"
    /// The service's answer is too long, or no text.
    case malformed = "invalid_response"
    case cancelled
  }

  public var kind: Kind
  public var message: String
  /// HTTP status where there is one.
  public var status: Int?
  /// What the service asked for in `Retry-After`.
  var retryAfter: Duration?

  public init(_ kind: Kind, _ message: String, status: Int? = nil) {
    self.kind = kind
    self.message = message
    self.status = status
  }

  /// Whether the same call may succeed a little later.
  public var isRetryable: Bool {
    switch kind {
    case .connection: true
    case .refused: status.map { $0 == 408 || $0 == 429 || $0 >= 500 } ?? false
    case .invalidArguments, .timeout, .malformed, .cancelled: false
    }
  }

  public var outcome: ToolOutcome {
    var error: [String: JSONValue] = ["type": .string(kind.rawValue), "message": .string(message)]
    error["status"] = status.map(JSONValue.integer)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = try? encoder.encode(["error": error])
    return .failure(String(decoding: text ?? Data(), as: UTF8.self))
  }
}
