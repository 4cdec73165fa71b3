import Foundation
import GRDB
import Signing

/// The file that sessions are kept in: SQLite in WAL mode, each commit synced to the disk. Records are sealed with the
/// key, each bound to its place, so that none can be changed, moved or swapped unseen.
///
/// For any thread: one writes, any number read meanwhile.
struct CheckpointDatabase: Sendable {
  private let pool: DatabasePool
  private let key: CheckpointKey
  private let folder: String

  /// Opens the database of a folder, or makes both.
  init(folder: String, key: CheckpointKey) throws(CheckpointProblem) {
    self.folder = folder
    self.key = key
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      var configuration = Configuration()
      configuration.label = "viva.checkpoints"
      configuration.busyMode = .timeout(1)
      configuration.prepareDatabase { database in
        try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000")
      }
      pool = try DatabasePool(path: folder + "/sessions.sqlite", configuration: configuration)
      let migrator = CheckpointSchema.migrator
      guard try !pool.read(migrator.hasBeenSuperseded) else { throw CheckpointProblem.tooNew(folder: folder) }
      try migrator.migrate(pool)
      let known = try pool.write { [key] database in
        try database.execute(
          sql: "INSERT OR IGNORE INTO property(name, value) VALUES ('key', ?)", arguments: [key.fingerprint])
        return try String.fetchOne(database, sql: "SELECT value FROM property WHERE name = 'key'")
      }
      guard known == key.fingerprint else { throw CheckpointProblem.otherKey(folder: folder) }
    } catch let problem as CheckpointProblem {
      throw problem
    } catch {
      throw .unusable(folder: folder, reason: "\(error)")
    }
  }

  func close() {
    try? pool.close()
  }

  // MARK: Writing

  /// Appends all or nothing, and syncs.
  ///
  /// - Parameter next: The next sequence number of each session that has committed since the start; brought up to date.
  func append(_ commits: [CommitQueue.Commit], next: inout [String: Int64], at unixMilliseconds: Int64) throws {
    let known = next
    next = try pool.write { database in
      var next = known
      let insert = try database.cachedStatement(
        sql: "INSERT INTO event(session, sequence, version, at, body) VALUES (?, ?, ?, ?, ?)")
      for commit in commits {
        var sequence = try next[commit.session] ?? firstSequence(of: commit.session, database, at: unixMilliseconds)
        for record in commit.records {
          let place = Self.place(commit.session, sequence, record.version)
          let body = Data(AESGCM.seal(record.bytes, key: key.bytes, context: place))
          try insert.execute(
            arguments: [commit.session, sequence, record.version, unixMilliseconds, body])
          sequence += 1
        }
        next[commit.session] = sequence
      }
      return next
    }
  }

  private func firstSequence(of session: String, _ database: Database, at unixMilliseconds: Int64) throws -> Int64 {
    try database.execute(
      sql: "INSERT OR IGNORE INTO session(id, opened_at) VALUES (?, ?)", arguments: [session, unixMilliseconds])
    let last = try Int64.fetchOne(
      database, sql: "SELECT max(sequence) FROM event WHERE session = ?", arguments: [session])
    return (last ?? 0) + 1
  }

  func markEnded(_ sessions: [String], at unixMilliseconds: Int64) throws {
    try pool.write { database in
      for session in sessions {
        try database.execute(
          sql: "UPDATE session SET ended_at = ? WHERE id = ?", arguments: [unixMilliseconds, session])
      }
    }
  }

  /// Deletes all of a session.
  ///
  /// - Returns: false when there was none.
  func delete(_ session: String) throws -> Bool {
    try pool.write { database in
      try database.execute(sql: "DELETE FROM session WHERE id = ?", arguments: [session])
      return database.changesCount > 0
    }
  }

  // MARK: Reading

  /// The newest first.
  func sessions(limit: Int) throws -> [KeptSession] {
    try pool.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT id, opened_at, ended_at, (SELECT count(*) FROM event WHERE session = id) AS records
          FROM session ORDER BY opened_at DESC, id LIMIT ?
          """, arguments: [limit]
      ).map {
        KeptSession(id: $0["id"], openedAt: $0["opened_at"], endedAt: $0["ended_at"], records: $0["records"])
      }
    }
  }

  /// All records of a session, in order.
  func load(_ session: String) throws -> [KeptRecord] {
    let rows = try pool.read { database in
      try Row.fetchAll(
        database, sql: "SELECT sequence, version, at, body FROM event WHERE session = ? ORDER BY sequence",
        arguments: [session])
    }
    guard !rows.isEmpty else { throw CheckpointProblem.unknownSession(session) }
    var records: [KeptRecord] = []
    for row in rows {
      let (sequence, version): (Int64, Int) = (row["sequence"], row["version"])
      let expected = Int64(records.count) + 1
      guard sequence == expected else { throw CheckpointProblem.missing(session: session, sequence: expected) }
      let sealed: Data = row["body"]
      guard
        let bytes = AESGCM.open(
          Array(sealed), key: key.bytes, context: Self.place(session, sequence, version))
      else { throw CheckpointProblem.damaged(session: session, sequence: sequence) }
      records.append(
        KeptRecord(sequence: sequence, at: row["at"], record: CheckpointRecord(version: version, bytes: bytes)))
    }
    return records
  }

  private static func place(_ session: String, _ sequence: Int64, _ version: Int) -> [UInt8] {
    Array("\(session)/\(sequence)/\(version)".utf8)
  }
}

/// A session in the data folder.
public struct KeptSession: Sendable, Equatable {
  public var id: String
  /// Unix time in milliseconds.
  public var openedAt: Int64
  /// nil while it runs, and for one that the server's end has cut off.
  public var endedAt: Int64?
  public var records: Int
}

/// A record in the data folder.
public struct KeptRecord: Sendable, Equatable {
  /// From 1, without gaps.
  public var sequence: Int64
  /// Unix time in milliseconds.
  public var at: Int64
  public var record: CheckpointRecord
}
