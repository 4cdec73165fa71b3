import Runtime

/// The checks that this side sends: when the next is due, and which wait for their response. In place.
struct OutgoingChecks: Sendable {
  /// At four a second, those of the last two seconds: no response takes longer.
  static let capacity = 8

  /// Nil when none are being sent.
  private(set) var due: Instant?
  private var outstanding = InlineArray<8, TransactionID>(repeating: TransactionID(high: 0, low: 0))
  private var next = 0
  /// Of those.
  private(set) var count = 0

  mutating func start(at now: Instant) {
    due = due ?? now
  }

  mutating func stop() {
    due = nil
    next = 0
    count = 0
  }

  /// - Parameter time: Nil when no other is to follow by itself.
  mutating func sent(_ id: TransactionID, nextAt time: Instant?) {
    outstanding[next] = id
    next = (next &+ 1) % Self.capacity
    count = min(count &+ 1, Self.capacity)
    due = time
  }

  func isOutstanding(_ id: TransactionID) -> Bool {
    for index in 0..<count where outstanding[index] == id { return true }
    return false
  }
}
