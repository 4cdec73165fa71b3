import Runtime

/// When to try a worker call again: 250 ms, doubling to 2 s, until the patience of the conversation is over.
///
/// Long enough for a supervised worker that was killed to be back (a few seconds), short enough that nobody
/// talks into a void.
struct Retry: Sendable {
  static let patience = Duration.seconds(15)

  private var attempts = 0
  private var since: Instant?
  /// When the next attempt is due; nil when none is.
  private(set) var due: Instant?

  init() {}

  /// A call failed. Returns false when no further attempt is worth it.
  mutating func failed(at now: Instant) -> Bool {
    let start = since ?? now
    since = start
    let delay = Duration.milliseconds(min(2000, 250 << min(attempts, 4)))
    guard now + delay - start < Self.patience else { return false }
    attempts += 1
    due = now + delay
    return true
  }

  /// Whether an attempt is due; it is taken.
  mutating func take(at now: Instant) -> Bool {
    guard let due, due <= now else { return false }
    self.due = nil
    return true
  }
}
