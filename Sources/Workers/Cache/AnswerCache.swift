import Runtime

/// Answers of language models by what was asked, sans-IO: for so long, and so many; what was longest not asked for goes
/// first.
struct AnswerCache: Sendable {
  /// An answer larger than this many bytes is not kept.
  static let largestAnswer = 64 << 10

  private struct Entry {
    var text: String
    var expires: Instant
    var lastUse: UInt64
  }

  private let lifetime: Duration
  private let mostEntries: Int
  private let mostBytes: Int
  private var entries: [AnswerKey: Entry] = [:]
  private var uses: UInt64 = 0
  /// Of all texts.
  private(set) var bytes = 0

  var count: Int { entries.count }

  init(lifetime: Duration, mostEntries: Int, mostBytes: Int) {
    self.lifetime = lifetime
    self.mostEntries = max(0, mostEntries)
    self.mostBytes = max(0, mostBytes)
  }

  mutating func answer(to key: AnswerKey, at now: Instant) -> String? {
    guard let entry = entries[key] else { return nil }
    guard now < entry.expires else {
      remove(key)
      return nil
    }
    uses += 1
    entries[key]?.lastUse = uses
    return entry.text
  }

  mutating func keep(_ text: String, for key: AnswerKey, at now: Instant) {
    let size = text.utf8.count
    guard size > 0, size <= min(Self.largestAnswer, mostBytes), mostEntries > 0 else { return }
    remove(key)
    if entries.count >= mostEntries || bytes + size > mostBytes { makeRoom(for: size, at: now) }
    uses += 1
    entries[key] = Entry(text: text, expires: now + lifetime, lastUse: uses)
    bytes += size
  }

  private mutating func makeRoom(for size: Int, at now: Instant) {
    for (key, entry) in entries where entry.expires <= now { remove(key) }
    // A tenth more than need be, so that the next one need not look for its room again.
    let entriesWanted = mostEntries - max(1, mostEntries / 10)
    let bytesWanted = min(mostBytes - size, mostBytes - mostBytes / 10)
    guard entries.count >= mostEntries || bytes + size > mostBytes else { return }
    for (key, _) in entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
      guard entries.count > entriesWanted || bytes > bytesWanted else { return }
      remove(key)
    }
  }

  private mutating func remove(_ key: AnswerKey) {
    if let entry = entries.removeValue(forKey: key) { bytes -= entry.text.utf8.count }
  }
}
