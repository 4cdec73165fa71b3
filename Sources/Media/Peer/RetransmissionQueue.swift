/// Packets that the other side asked for, until they are sent. What finds no room is asked for again.
struct RetransmissionQueue: Sendable {
  private struct Entry: Sendable {
    var stream: UInt8 = 0
    var sequenceNumber: SequenceNumber = 0
  }

  private static let capacity = 64

  private var entries = InlineArray<64, Entry>(repeating: Entry())
  private var first = 0
  private(set) var count = 0

  mutating func append(stream: Int, _ sequenceNumber: SequenceNumber) {
    guard count < Self.capacity else { return }
    entries[(first &+ count) % Self.capacity] = Entry(
      stream: UInt8(truncatingIfNeeded: stream), sequenceNumber: sequenceNumber)
    count += 1
  }

  mutating func popFirst() -> (stream: Int, sequenceNumber: SequenceNumber)? {
    guard count > 0 else { return nil }
    let entry = entries[first]
    first = (first &+ 1) % Self.capacity
    count -= 1
    return (Int(entry.stream), entry.sequenceNumber)
  }

  mutating func removeAll() { count = 0 }
}
