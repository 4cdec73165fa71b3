/// One thing wrong with the configuration, and where.
public struct ConfigurationProblem: Sendable, Equatable, CustomStringConvertible {
  public var file: String
  /// From 1; nil when the problem is the whole file, or something that it does not say.
  public var line: Int?
  /// From 1, in Unicode scalars.
  public var column: Int?
  /// The path of the value, such as `workers.asr[0].url`; empty when the problem is the file itself.
  public var key: String
  public var message: String
  /// What would be right, in words.
  public var allowed: String?

  public init(
    file: String, line: Int? = nil, column: Int? = nil, key: String = "", message: String,
    allowed: String? = nil
  ) {
    self.file = file
    self.line = line
    self.column = column
    self.key = key
    self.message = message
    self.allowed = allowed
  }

  /// `config/viva.yaml:12: audio.send_ahead_ms: 20 is out of range; allowed: 100 to 5000`
  public var description: String {
    var text = file
    if let line { text += ":\(line)" }
    if !key.isEmpty { text += ": \(key)" }
    text += ": \(message)"
    if let allowed { text += "; allowed: \(allowed)" }
    return text
  }
}

/// Every problem found, in the order of the files; never empty when thrown.
public struct ConfigurationErrors: Error, Equatable, CustomStringConvertible {
  public var problems: [ConfigurationProblem]

  public init(problems: [ConfigurationProblem]) {
    self.problems = problems
  }

  public var description: String {
    problems.map(\.description).joined(separator: "\n")
  }
}

/// Gathers problems, so that a user mends all of them in one go. Not for sharing between threads.
final class ProblemLog {
  /// Nobody reads more, and a hostile file could cause millions.
  static let capacity = 100

  private(set) var problems: [ConfigurationProblem] = []

  func add(_ problem: ConfigurationProblem) {
    if problems.count < Self.capacity { problems.append(problem) }
  }
}
