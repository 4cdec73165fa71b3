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
    /// It was not asked: Viva's own pool had no slot for the call.
    case busy
  }

  public var kind: Kind
  /// The provider's name.
  public var worker: String
  public var message: String
  /// HTTP status where there is one.
  public var status: Int?
  /// When it may be asked again, as the worker (HTTP `Retry-After`) or the pool says.
  public var retryAfter: Duration?

  public init(
    _ kind: Kind, worker: String, message: String, status: Int? = nil, retryAfter: Duration? = nil
  ) {
    self.kind = kind
    self.worker = worker
    self.message = message
    self.status = status
    self.retryAfter = retryAfter
  }

  /// Whether the same call may succeed later or elsewhere (requirements §1.6: time-outs, connection, 429, 5xx).
  public var isRetryable: Bool {
    guard kind == .refused, let status else { return true }
    return status == 408 || status == 429 || status >= 500
  }

  /// Whether the provider is to blame. It is not for what the caller asked (4xx but 408 and 429), nor for a call that it
  /// was not given.
  var countsAgainstProvider: Bool { isRetryable && kind != .busy }

  public var description: String { "\(worker): \(message) (\(kind.rawValue))" }
}
