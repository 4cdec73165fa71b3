/// Deadlines in order: a binary heap whose entries are cancelled by token. Sans-IO.
///
/// A cancelled entry stays in the heap until its time comes or there are more of them than live ones: sessions cancel
/// deadlines that are an hour away all the time.
public struct TimerQueue<Payload> {
  private struct Entry {
    var deadline: Instant
    var token: UInt64
  }

  /// With fewer entries it is not worth throwing out the cancelled ones.
  private static var smallest: Int { 64 }

  private var heap: [Entry] = []
  private var payloads: [UInt64: Payload] = [:]
  private var lastToken: UInt64 = 0

  public init() {}

  /// Live timers.
  public var count: Int { payloads.count }
  /// Live timers and cancelled ones that still take room.
  var entryCount: Int { heap.count }

  public mutating func insert(_ payload: Payload, at deadline: Instant) -> UInt64 {
    lastToken &+= 1
    payloads[lastToken] = payload
    heap.append(Entry(deadline: deadline, token: lastToken))
    siftUp(heap.count - 1)
    return lastToken
  }

  public mutating func cancel(_ token: UInt64) {
    payloads[token] = nil
    guard heap.count > 2 * payloads.count + Self.smallest else { return }
    heap.removeAll { payloads[$0.token] == nil }
    // What is sorted is a heap.
    heap.sort { ($0.deadline, $0.token) < ($1.deadline, $1.token) }
  }

  /// The earliest live deadline.
  public mutating func nextDeadline() -> Instant? {
    while let first = heap.first, payloads[first.token] == nil { removeFirst() }
    return heap.first?.deadline
  }

  /// The earliest entry that is due at `now`, earliest first; nil when none is.
  public mutating func popDue(at now: Instant) -> (payload: Payload, deadline: Instant)? {
    guard let deadline = nextDeadline(), deadline <= now else { return nil }
    let token = heap[0].token
    removeFirst()
    return payloads.removeValue(forKey: token).map { ($0, deadline) }
  }

  private mutating func removeFirst() {
    let last = heap.removeLast()
    guard !heap.isEmpty else { return }
    heap[0] = last
    siftDown(0)
  }

  private mutating func siftUp(_ start: Int) {
    var child = start
    while child > 0 {
      let parent = (child - 1) / 2
      guard precedes(child, parent) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func siftDown(_ start: Int) {
    var parent = start
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && precedes(child, least) {
        least = child
      }
      guard least != parent else { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }

  /// Equal deadlines fire in the order they were set.
  private func precedes(_ a: Int, _ b: Int) -> Bool {
    heap[a].deadline == heap[b].deadline
      ? heap[a].token < heap[b].token : heap[a].deadline < heap[b].deadline
  }
}
