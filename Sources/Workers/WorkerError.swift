/// Why a worker call failed.
public struct WorkerError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Kind: String, Sendable {
    /// No connection, or it was lost.
    case connection
    /// No first result in time.
    case firstResultTimeout = "first_result_timeout"
    /// The stream stalled between two results.
    case gapTimeout = "gap_timeout"
    /// The worker answered with an error of its own (HTTP 4xx/5xx, a Wyoming `error`).
    case refused
    /// The worker said it was done and had sent nothing.
    case emptyReply = "empty_reply"
    /// The worker broke its protocol.
    case malformed
  }

  public var kind: Kind
  /// The provider's name.
  public var worker: String
  public var message: String
  /// HTTP status where there is one.
  public var status: Int?

  public init(_ kind: Kind, worker: String, message: String, status: Int? = nil) {
    self.kind = kind
    self.worker = worker
    self.message = message
    self.status = status
  }

  /// Whether the same call may succeed later or elsewhere (requirements §1.6: time-outs, connection, 429, 5xx).
  public var isRetryable: Bool {
    guard kind == .refused, let status else { return true }
    return status == 408 || status == 429 || status >= 500
  }

  public var description: String { "\(worker): \(message) (\(kind.rawValue))" }
}
