import Runtime

/// Commits on their way to a disk, sans-IO: all that wait go together (group commit), so that one fsync serves every
/// session; a disk that fails is tried again, and nothing is called committed meanwhile.
struct CommitQueue {
  struct Commit {
    var session: String
    var records: [CheckpointRecord]
    var then: @Sendable (CommitResult) -> Void
  }

  /// What the writer is to do.
  enum Step {
    case write([Commit])
    /// Nothing before then, or before something comes; nil for the latter only.
    case wait(until: Instant?)
    /// All is written.
    case stop
  }

  /// In records, and in bytes: a batch holds the lock of the database no longer than this takes.
  private let mostInBatch = (records: 4096, bytes: 8 << 20)
  /// Of what waits, when the disk is away.
  private let mostWaiting: Int
  private static let retryPause = (first: Duration.milliseconds(50), longest: Duration.seconds(1))

  private var waiting: [Commit] = []
  private var batch: [Commit] = []
  private var bytesWaiting = 0
  private var pause = retryPause.first
  private var retryAt: Instant?
  private(set) var health = CheckpointHealth.durable
  private var isStopping = false

  /// - Parameter mostWaiting: Bytes of records; what comes beyond that is refused.
  init(mostWaiting: Int = 64 << 20) {
    self.mostWaiting = mostWaiting
  }

  /// - Returns: false where there is no room; nothing was taken then.
  mutating func append(_ commit: Commit) -> Bool {
    let size = commit.size
    guard !isStopping, bytesWaiting + size <= mostWaiting else { return false }
    bytesWaiting += size
    waiting.append(commit)
    return true
  }

  /// Asked by the writer when it has nothing to do.
  mutating func next(at now: Instant) -> Step {
    if let retryAt, now < retryAt, !isStopping { return .wait(until: retryAt) }
    if batch.isEmpty { takeBatch() }
    if batch.isEmpty { return isStopping ? .stop : .wait(until: nil) }
    return .write(batch)
  }

  /// The batch is on the disk.
  ///
  /// - Returns: its commits, to be told.
  mutating func written() -> [Commit] {
    bytesWaiting -= batch.reduce(0) { $0 + $1.size }
    defer { batch = [] }
    (pause, retryAt, health) = (Self.retryPause.first, nil, .durable)
    return batch
  }

  /// The batch is not on the disk, and is tried again: later commits wait behind it, so that order is kept.
  ///
  /// - Returns: commits that are given up, to be told: all, when the store is being closed.
  mutating func failed(_ reason: String, at now: Instant) -> [Commit] {
    if health == .durable { health = .degraded(reason: reason, since: now) }
    retryAt = now + pause
    pause = min(pause * 2, Self.retryPause.longest)
    guard isStopping else { return [] }
    defer { (batch, waiting, bytesWaiting) = ([], [], 0) }
    return batch + waiting
  }

  /// Takes no more; what waits is written once more.
  mutating func stop() {
    isStopping = true
  }

  private mutating func takeBatch() {
    var (count, records, bytes) = (0, 0, 0)
    for commit in waiting {
      records += commit.records.count
      bytes += commit.size
      if count > 0, records > mostInBatch.records || bytes > mostInBatch.bytes { break }
      count += 1
    }
    batch = Array(waiting.prefix(count))
    waiting.removeFirst(count)
  }
}

extension CommitQueue.Commit {
  var size: Int { records.reduce(64) { $0 + $1.bytes.count + 64 } }
}

/// Whether what is committed survives the machine at the moment.
public enum CheckpointHealth: Sendable, Equatable {
  case durable
  /// The disk does not take it: commits wait, and conversations go on.
  case degraded(reason: String, since: Instant)
}
