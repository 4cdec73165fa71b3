import Testing

@testable import Runtime

@Suite("Timer queue")
struct TimerQueueTests {
  private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

  @Test("fires in the order of deadlines, and in the order of setting for equal ones")
  func order() {
    var queue = TimerQueue<String>()
    _ = queue.insert("c", at: at(30))
    _ = queue.insert("a", at: at(10))
    _ = queue.insert("b1", at: at(20))
    _ = queue.insert("b2", at: at(20))
    var fired: [String] = []
    while let due = queue.popDue(at: at(100)) { fired.append(due.payload) }
    #expect(fired == ["a", "b1", "b2", "c"])
  }

  @Test("keeps what is not due yet")
  func notDue() {
    var queue = TimerQueue<Int>()
    _ = queue.insert(1, at: at(10))
    #expect(queue.popDue(at: at(9)) == nil)
    #expect(queue.nextDeadline() == at(10))
    #expect(queue.popDue(at: at(10))?.payload == 1)
    #expect(queue.nextDeadline() == nil)
  }

  @Test("a cancelled timer does not fire and is not the next deadline")
  func cancel() {
    var queue = TimerQueue<Int>()
    let first = queue.insert(1, at: at(10))
    _ = queue.insert(2, at: at(20))
    queue.cancel(first)
    #expect(queue.nextDeadline() == at(20))
    #expect(queue.popDue(at: at(30))?.payload == 2)
    #expect(queue.count == 0)
  }

  @Test("does not grow with timers that are cancelled long before their time")
  func cancelledFarAhead() {
    var queue = TimerQueue<Int>()
    let kept = (0..<100).map { queue.insert($0, at: at(Int64(1000 - $0))) }
    var mostEntries = 0
    for _ in 0..<10_000 {
      queue.cancel(queue.insert(-1, at: at(3_600_000)))
      mostEntries = max(mostEntries, queue.entryCount)
    }
    #expect(mostEntries < 300)
    for token in kept.prefix(50) { queue.cancel(token) }
    var fired: [Int] = []
    while let due = queue.popDue(at: at(4_000_000)) { fired.append(due.payload) }
    #expect(fired == (50..<100).reversed())
  }

  @Test("agrees with sorting, for random deadlines and cancellations")
  func random() {
    var generator = SeededGenerator(seed: 7)
    var queue = TimerQueue<Int>()
    var expected: [(deadline: Int64, value: Int)] = []
    for value in 0..<2000 {
      let deadline = Int64.random(in: 0..<500, using: &generator)
      let token = queue.insert(value, at: at(deadline))
      if Bool.random(using: &generator) {
        queue.cancel(token)
      } else {
        expected.append((deadline, value))
      }
    }
    var fired: [Int] = []
    while let due = queue.popDue(at: at(1000)) { fired.append(due.payload) }
    let sorted = expected.sorted { ($0.deadline, $0.value) < ($1.deadline, $1.value) }
    #expect(fired == sorted.map(\.value))
  }
}

/// SplitMix64: repeatable randomness.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
