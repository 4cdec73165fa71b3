import Foundation
import GRDB
import Runtime
import Synchronization
import Testing

@testable import Checkpoints

@Suite("Sessions on the disk", .timeLimit(.minutes(2)))
struct SQLiteCheckpointStoreTests {
  /// A folder that is gone afterwards.
  private final class Folder: Sendable {
    let path = NSTemporaryDirectory() + "viva-checkpoints-\(UUID().uuidString)"
    var data: String { path + "/data" }

    func key() throws -> CheckpointKey { try CheckpointKey.load(path + "/keys/checkpoints.key") }
    func kept() throws -> KeptSessions { try KeptSessions(folder: data, key: key()) }
    func change(_ sql: String) throws {
      let queue = try DatabaseQueue(path: data + "/sessions.sqlite")
      try queue.write { try $0.execute(sql: sql) }
      try queue.close()
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  private final class Observer: CheckpointObserver {
    let batches = Mutex<[Int]>([])
    let changes = Mutex<[CheckpointHealth]>([])

    func wrote(records: Int, commits: Int, in duration: Duration) { batches.withLock { $0.append(commits) } }
    func changed(_ health: CheckpointHealth) { changes.withLock { $0.append(health) } }
  }

  private func open(_ folder: Folder, _ observer: Observer = Observer()) throws -> SQLiteCheckpointStore {
    try SQLiteCheckpointStore(folder: folder.data, key: folder.key(), observer: observer)
  }

  private func record(_ text: String) -> CheckpointRecord { CheckpointRecord(bytes: Array(text.utf8)) }

  private func commit(_ store: SQLiteCheckpointStore, _ session: String, _ texts: String...) async -> CommitResult {
    await withCheckedContinuation { done in
      store.commit(texts.map(record), session: session) { done.resume(returning: $0) }
    }
  }

  private func shutdown(_ store: SQLiteCheckpointStore) async {
    await withCheckedContinuation { done in
      Thread.detachNewThread {
        store.shutdown()
        done.resume()
      }
    }
  }

  private func texts(_ kept: KeptSessions, _ session: String) throws -> [String] {
    try kept.load(session).map { String(decoding: $0.record.bytes, as: UTF8.self) }
  }

  @Test("are read as they were committed, also after the next start")
  func reopened() async throws {
    let folder = Folder()
    var store = try open(folder)
    #expect(await commit(store, "sess_1", "one", "two") == .committed)
    #expect(await commit(store, "sess_2", "other") == .committed)
    store.ended(session: "sess_2")
    await shutdown(store)
    store = try open(folder)
    #expect(await commit(store, "sess_1", "three") == .committed)
    // Beside the server that writes.
    let kept = try folder.kept()
    #expect(try texts(kept, "sess_1") == ["one", "two", "three"])
    #expect(try kept.load("sess_1").map(\.sequence) == [1, 2, 3])
    #expect(try texts(kept, "sess_2") == ["other"])
    let list = try kept.list(limit: 10)
    #expect(Set(list.map(\.id)) == ["sess_1", "sess_2"])
    #expect(list.first { $0.id == "sess_1" }?.endedAt == nil)
    #expect(list.first { $0.id == "sess_2" }?.endedAt != nil)
    #expect(list.first { $0.id == "sess_1" }?.records == 3)
    await shutdown(store)
  }

  @Test("are synced together: far fewer syncs than commits, each session in its order")
  func groupCommit() async throws {
    let (folder, observer) = (Folder(), Observer())
    let store = try open(folder, observer)
    let safe = Mutex(0)
    await withCheckedContinuation { done in
      for number in 0..<50 {
        for session in 0..<40 {
          store.commit([record("\(number)")], session: "sess_\(session)") { _ in
            if safe.withLock({
              $0 += 1; return $0 == 2000
            }) {
              done.resume()
            }
          }
        }
      }
    }
    await shutdown(store)
    let batches = observer.batches.withLock { $0 }
    #expect(batches.reduce(0, +) == 2000)
    #expect(batches.count < 500)
    let kept = try folder.kept()
    for session in 0..<40 { #expect(try texts(kept, "sess_\(session)") == (0..<50).map { "\($0)" }) }
  }

  @Test("tell nothing without the key, nor with another one")
  func sealed() async throws {
    let folder = Folder()
    let store = try open(folder)
    _ = await commit(store, "sess_1", "a secret that was said")
    await shutdown(store)
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.data) {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.data + "/" + file))
      #expect(bytes.range(of: Data("secret".utf8)) == nil)
    }
    // Who reads makes no key; who keeps does.
    #expect(throws: CheckpointProblem.self) { try CheckpointKey.read(folder.path + "/other.key") }
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/other.key"))
    let other = try CheckpointKey.load(folder.path + "/other.key")
    #expect(throws: CheckpointProblem.otherKey(folder: folder.data)) {
      try KeptSessions(folder: folder.data, key: other)
    }
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/keys/checkpoints.key")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }

  @Test("show that a record was changed, moved or taken away, and others are not touched by it")
  func damage() async throws {
    let folder = Folder()
    let store = try open(folder)
    for session in ["sess_1", "sess_2", "sess_3", "sess_4"] { _ = await commit(store, session, "one", "two", "three") }
    await shutdown(store)
    try folder.change(
      "UPDATE event SET body = CAST(substr(body, 1, length(body) - 1) || x'00' AS BLOB) WHERE session = 'sess_1' AND sequence = 2"
    )
    try folder.change(
      """
      UPDATE event SET body = (SELECT body FROM event WHERE session = 'sess_4' AND sequence = 1)
      WHERE session = 'sess_2' AND sequence = 1
      """)
    try folder.change("DELETE FROM event WHERE session = 'sess_3' AND sequence = 2")
    let kept = try folder.kept()
    #expect(throws: CheckpointProblem.damaged(session: "sess_1", sequence: 2)) { try kept.load("sess_1") }
    #expect(throws: CheckpointProblem.damaged(session: "sess_2", sequence: 1)) { try kept.load("sess_2") }
    #expect(throws: CheckpointProblem.missing(session: "sess_3", sequence: 2)) { try kept.load("sess_3") }
    #expect(try texts(kept, "sess_4") == ["one", "two", "three"])
    #expect(throws: CheckpointProblem.unknownSession("sess_5")) { try kept.load("sess_5") }
  }

  @Test("are deleted whole")
  func deletion() async throws {
    let folder = Folder()
    let store = try open(folder)
    _ = await commit(store, "sess_1", "one")
    _ = await commit(store, "sess_2", "two")
    let kept = try folder.kept()
    try kept.delete("sess_1")
    #expect(throws: CheckpointProblem.unknownSession("sess_1")) { try kept.delete("sess_1") }
    #expect(throws: CheckpointProblem.unknownSession("sess_1")) { try kept.load("sess_1") }
    #expect(try texts(kept, "sess_2") == ["two"])
    await shutdown(store)
  }

  @Test("catch up when the disk takes them again; until then nothing is called committed")
  func degraded() async throws {
    let (folder, observer) = (Folder(), Observer())
    let store = try open(folder, observer)
    #expect(await commit(store, "sess_1", "before") == .committed)
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let lock = try DatabaseQueue(path: folder.data + "/sessions.sqlite", configuration: configuration)
    try await lock.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
    let results = Mutex<[CommitResult]>([])
    for text in ["during", "later"] {
      store.commit([record(text)], session: "sess_1") { result in results.withLock { $0.append(result) } }
    }
    while observer.changes.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(20)) }
    guard case .degraded = store.health else { return #expect(Bool(false), "health is \(store.health)") }
    #expect(results.withLock { $0.isEmpty })
    try await lock.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    try lock.close()
    while results.withLock({ $0.count }) < 2 { try await Task.sleep(for: .milliseconds(20)) }
    #expect(results.withLock { $0 } == [.committed, .committed])
    #expect(store.health == .durable)
    #expect(observer.changes.withLock { $0.last } == .durable)
    #expect(try texts(folder.kept(), "sess_1") == ["before", "during", "later"])
    await shutdown(store)
  }

  @Test("written by a later version, or no database at all, are refused with the reason")
  func unusable() async throws {
    let folder = Folder()
    await shutdown(try open(folder))
    try folder.change("INSERT INTO grdb_migrations(identifier) VALUES ('99')")
    #expect(throws: CheckpointProblem.tooNew(folder: folder.data)) { try open(folder) }
    let garbage = Folder()
    try FileManager.default.createDirectory(atPath: garbage.data, withIntermediateDirectories: true)
    try Data(repeating: 7, count: 10_000).write(to: URL(fileURLWithPath: garbage.data + "/sessions.sqlite"))
    let problem = #expect(throws: CheckpointProblem.self) { try open(garbage) }
    guard case .unusable = problem else { return #expect(Bool(false), "\(String(describing: problem))") }
    try Data("short".utf8).write(to: URL(fileURLWithPath: garbage.path + "/keys/checkpoints.key"))
    #expect(throws: CheckpointProblem.self) { try garbage.key() }
  }
}
