/// How urgent a request is, most urgent first (requirements §1.3).
public enum Priority: UInt8, CaseIterable, Sendable {
  /// The reply in an active conversation. Takes slots from the classes below.
  case critical
  /// A question or a greeting that is prepared ahead.
  case high
  /// The evaluation after a session.
  case medium
  /// Analytics, and what else can wait.
  case low

  /// The class below; nil for `low`.
  public var lower: Priority? { Priority(rawValue: rawValue + 1) }

  var bit: UInt8 { 1 << rawValue }
}

extension Priority: CustomStringConvertible {
  /// As in logs and labels of metrics.
  public var description: String {
    switch self {
    case .critical: "critical"
    case .high: "high"
    case .medium: "medium"
    case .low: "low"
    }
  }
}
