import GRDB

/// The tables, version after version. A migration that has been in a release is never changed.
enum CheckpointSchema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { database in
      try database.execute(
        sql: """
          CREATE TABLE property(name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
          CREATE TABLE session(
            id TEXT PRIMARY KEY NOT NULL,
            opened_at INTEGER NOT NULL, -- Unix ms
            ended_at INTEGER
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX session_by_time ON session(opened_at);
          CREATE TABLE event(
            session TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE,
            sequence INTEGER NOT NULL, -- from 1
            version INTEGER NOT NULL, -- of the body's form
            at INTEGER NOT NULL, -- Unix ms
            body BLOB NOT NULL, -- sealed
            PRIMARY KEY(session, sequence)
          ) STRICT, WITHOUT ROWID;
          """)
    }
    return migrator
  }
}
