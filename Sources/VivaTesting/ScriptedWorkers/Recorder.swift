import Synchronization

/// The last things that a scripted server received.
final class Recorder<Entry: Sendable>: Sendable {
  private static var limit: Int { 10_000 }
  private let entries = Mutex<[Entry]>([])

  var all: [Entry] { entries.withLock { $0 } }

  func append(_ entry: Entry) {
    entries.withLock { entries in
      if entries.count >= Self.limit { entries.removeFirst(Self.limit / 2) }
      entries.append(entry)
    }
  }
}
