/// Events on their way to the client. What waits for a commit holds back everything behind it, so that order
/// is kept and nothing final overtakes its durability.
struct Outbox {
  fileprivate enum Entry {
    case ready([UInt8])
    case waiting(commit: UInt64, [[UInt8]])
  }

  private var entries: [Entry] = []
  private var lastCommit: UInt64 = 0

  init() {}

  mutating func append(_ event: [UInt8]) {
    entries.append(.ready(event))
  }

  /// - Returns: the number to give to `committed`.
  mutating func append(_ events: [[UInt8]], awaitingCommit: Void) -> UInt64 {
    lastCommit += 1
    entries.append(.waiting(commit: lastCommit, events))
    return lastCommit
  }

  mutating func committed(_ commit: UInt64) {
    for index in entries.indices {
      if case .waiting(commit, let events) = entries[index] {
        entries.replaceSubrange(index...index, with: events.map(Entry.ready))
        return
      }
    }
  }

  /// Takes everything up to the first event that still waits.
  mutating func takeReady() -> [[UInt8]] {
    var ready: [[UInt8]] = []
    for case .ready(let event) in entries.prefix(while: \.isReady) { ready.append(event) }
    entries.removeFirst(ready.count)
    return ready
  }
}

extension Outbox.Entry {
  fileprivate var isReady: Bool {
    if case .ready = self { true } else { false }
  }
}
