import Realtime

/// Something on its way to the participants of a session.
struct OutgoingMessage {
  enum Kind {
    case event
    /// An event full of audio, and a binary frame: for the client only, who plays it.
    case audio
    case packet
  }

  var bytes: [UInt8]
  var kind = Kind.event
  /// nil for everybody whom it concerns.
  var receiver: ParticipantID?
}

/// Messages on their way out. What waits for a commit holds back everything behind it, so that order is kept and
/// nothing final overtakes its durability.
struct Outbox {
  fileprivate enum Entry {
    case ready(OutgoingMessage)
    case waiting(commit: UInt64, [OutgoingMessage])
  }

  private var entries: [Entry] = []
  private var lastCommit: UInt64 = 0

  init() {}

  mutating func append(_ message: OutgoingMessage) {
    entries.append(.ready(message))
  }

  /// - Returns: the number to give to `committed`.
  mutating func append(_ messages: [OutgoingMessage], awaitingCommit: Void) -> UInt64 {
    lastCommit += 1
    entries.append(.waiting(commit: lastCommit, messages))
    return lastCommit
  }

  mutating func committed(_ commit: UInt64) {
    for index in entries.indices {
      if case .waiting(commit, let messages) = entries[index] {
        entries.replaceSubrange(index...index, with: messages.map(Entry.ready))
        return
      }
    }
  }

  /// Takes everything up to the first message that still waits.
  mutating func takeReady() -> [OutgoingMessage] {
    var ready: [OutgoingMessage] = []
    for case .ready(let message) in entries.prefix(while: \.isReady) { ready.append(message) }
    entries.removeFirst(ready.count)
    return ready
  }
}

extension Outbox.Entry {
  fileprivate var isReady: Bool {
    if case .ready = self { true } else { false }
  }
}
