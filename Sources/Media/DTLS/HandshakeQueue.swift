/// Who may do a step of its handshake now, among connections that want to. Sans-IO; one a thread.
///
/// A handshake takes about 0.5 ms of CPU in two steps. When five hundred callers come back at once, that work must not
/// stand in the way of those who talk: the loop gives each tick a few steps (`stepsPerTick` × 0.3 ms is the longest
/// that a packet waits for them), and the rest wait in line. Each connection in line gets one step, then goes to the
/// end. Callers repeat what is not answered, so those at the end lose time and nothing else.
///
/// Half-open handshakes are capped: a newcomer beyond the cap pushes the oldest out, which is the one that made the
/// least of its time.
public struct HandshakeQueue<ID: Hashable> {
  public let stepsPerTick: Int
  public let maximumHalfOpen: Int

  private struct Member {
    /// Tells it from an earlier one of the same ID in `admitted` and `line`.
    var number: UInt64
    var isInLine = false
  }

  private struct Entry {
    var id: ID
    var number: UInt64
  }

  private var members: [ID: Member] = [:]
  /// In the order of admission; entries of those who left are skipped.
  private var admitted = FIFO<Entry>()
  private var line = FIFO<Entry>()
  private var lastNumber: UInt64 = 0
  private var stepsLeft: Int
  /// Members in line.
  private var waiting = 0

  /// - Parameters:
  ///   - stepsPerTick: 1 or more.
  ///   - maximumHalfOpen: 1 or more.
  public init(stepsPerTick: Int, maximumHalfOpen: Int) {
    self.stepsPerTick = max(1, stepsPerTick)
    self.maximumHalfOpen = max(1, maximumHalfOpen)
    stepsLeft = self.stepsPerTick
  }

  /// Handshakes that have begun and not ended.
  public var halfOpen: Int { members.count }

  /// Whether somebody waits for a step, so that the loop must not sleep past its next tick.
  public var isWaiting: Bool { waiting > 0 }

  /// A handshake begins.
  /// - Returns: The one that has to go for it, if the cap was reached: its connection is to be closed.
  public mutating func insert(_ id: ID) -> ID? {
    guard members[id] == nil else { return nil }
    var evicted: ID?
    while members.count >= maximumHalfOpen, let oldest = admitted.popFirst() {
      guard members[oldest.id]?.number == oldest.number else { continue }
      leave(oldest.id)
      evicted = oldest.id
    }
    lastNumber += 1
    members[id] = Member(number: lastNumber)
    admitted.append(Entry(id: id, number: lastNumber))
    return evicted
  }

  /// It is over, whichever way.
  public mutating func remove(_ id: ID) {
    guard members[id] != nil else { return }
    leave(id)
  }

  private mutating func leave(_ id: ID) {
    if members.removeValue(forKey: id)?.isInLine == true { waiting -= 1 }
    // Entries of those who left must not pile up.
    guard entries > 4 * members.count + 128 else { return }
    let members = self.members
    admitted.removeAll { members[$0.id]?.number != $0.number }
    line.removeAll { members[$0.id]?.number != $0.number }
  }

  /// Entries kept, those of the gone too.
  var entries: Int { admitted.count + line.count }

  /// It has something to do (`DTLSConnection.needsStep`). Once in line, further calls change nothing.
  public mutating func enqueue(_ id: ID) {
    guard let member = members[id], !member.isInLine else { return }
    members[id]?.isInLine = true
    waiting += 1
    line.append(Entry(id: id, number: member.number))
  }

  /// A tick begins: there are `stepsPerTick` steps again. What was not used is not saved up.
  public mutating func beginTick() { stepsLeft = stepsPerTick }

  /// Whose turn it is; nil when the tick's steps are spent or nobody waits. It does one step, and is enqueued again if
  /// it has more to do.
  public mutating func next() -> ID? {
    guard stepsLeft > 0 else { return nil }
    while let entry = line.popFirst() {
      guard members[entry.id]?.number == entry.number else { continue }
      members[entry.id]?.isInLine = false
      waiting -= 1
      stepsLeft -= 1
      return entry.id
    }
    return nil
  }
}

/// A queue in an array, whose front moves.
private struct FIFO<Element> {
  private var elements: [Element] = []
  private var front = 0

  var count: Int { elements.count - front }

  mutating func append(_ element: Element) { elements.append(element) }

  mutating func popFirst() -> Element? {
    guard front < elements.count else { return nil }
    defer {
      front += 1
      if front > 64, front > elements.count / 2 {
        elements.removeFirst(front)
        front = 0
      }
    }
    return elements[front]
  }

  mutating func removeAll(where isGone: (Element) -> Bool) {
    elements.removeFirst(front)
    front = 0
    elements.removeAll(where: isGone)
  }
}
