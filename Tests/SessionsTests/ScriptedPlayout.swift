import Runtime

/// What a session's media leg does with the agent's voice: 20 ms of it goes out with each tick.
struct ScriptedPlayout {
  private static let tickNanoseconds: Int64 = 20_000_000

  var isConnected = false
  /// Samples that wait, at 24 kHz.
  private(set) var waiting = 0
  private(set) var enqueued = 0
  private(set) var played = 0
  private(set) var clears = 0
  /// Answers that were said to be whole.
  var ends = 0

  mutating func enqueue(_ samples: Int) {
    waiting += samples
    enqueued += samples
  }

  mutating func clear() {
    waiting = 0
    clears += 1
  }

  func nextTick(after now: Instant) -> Instant? {
    guard isConnected, waiting > 0 else { return nil }
    return Instant(nanoseconds: (now.nanoseconds / Self.tickNanoseconds + 1) * Self.tickNanoseconds)
  }

  /// - Returns: what has gone out; nil when nothing has.
  mutating func tick() -> Int? {
    guard isConnected, waiting > 0 else { return nil }
    let samples = min(waiting, 480)
    waiting -= samples
    played += samples
    return samples
  }
}
