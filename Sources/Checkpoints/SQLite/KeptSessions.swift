/// The sessions in a data folder, to be read beside the server that writes them.
public struct KeptSessions: Sendable {
  private let database: CheckpointDatabase
  private let folder: String

  public init(folder: String, key: CheckpointKey) throws(CheckpointProblem) {
    database = try CheckpointDatabase(folder: folder, key: key)
    self.folder = folder
  }

  /// The newest first.
  public func list(limit: Int) throws(CheckpointProblem) -> [KeptSession] {
    try asking { try $0.sessions(limit: limit) }
  }

  /// All records of a session, in order; `CheckpointProblem` names the one that is missing or damaged.
  public func load(_ session: String) throws(CheckpointProblem) -> [KeptRecord] {
    try asking { try $0.load(session) }
  }

  /// Deletes all of a session.
  public func delete(_ session: String) throws(CheckpointProblem) {
    guard try asking({ try $0.delete(session) }) else { throw .unknownSession(session) }
  }

  private func asking<Answer>(_ body: (CheckpointDatabase) throws -> Answer) throws(CheckpointProblem) -> Answer {
    do {
      return try body(database)
    } catch let problem as CheckpointProblem {
      throw problem
    } catch {
      throw .unusable(folder: folder, reason: "\(error)")
    }
  }
}
