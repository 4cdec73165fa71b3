/// Waiting requests, earliest deadline first, equal ones in the order they came.
///
/// A heap with four children a node: half as deep as a binary one, and the children of a node lie in two cache lines. It
/// keeps in `positions`, which is indexed by request, where each one is, so that any can be taken out.
struct DeadlineHeap {
  struct Entry {
    var deadline: Int64
    var order: UInt64
    var index: Int32

    @inline(__always)
    func precedes(_ other: Entry) -> Bool {
      deadline == other.deadline ? order < other.order : deadline < other.deadline
    }
  }

  private(set) var entries: [Entry] = []

  var count: Int { entries.count }
  var first: Entry? { entries.first }

  mutating func insert(_ entry: Entry, _ positions: inout [Int32]) {
    entries.append(entry)
    siftUp(entries.count - 1, entry, &positions)
  }

  mutating func remove(at position: Int, _ positions: inout [Int32]) {
    let last = entries.removeLast()
    guard position < entries.count else { return }
    if position > 0, last.precedes(entries[(position - 1) / 4]) {
      siftUp(position, last, &positions)
    } else {
      siftDown(position, last, &positions)
    }
  }

  private mutating func siftUp(_ start: Int, _ entry: Entry, _ positions: inout [Int32]) {
    var hole = start
    entries.withUnsafeMutableBufferPointer { entries in
      while hole > 0 {
        let parent = (hole - 1) / 4
        guard entry.precedes(entries[parent]) else { break }
        entries[hole] = entries[parent]
        positions[Int(entries[hole].index)] = Int32(truncatingIfNeeded: hole)
        hole = parent
      }
      entries[hole] = entry
      positions[Int(entry.index)] = Int32(truncatingIfNeeded: hole)
    }
  }

  private mutating func siftDown(_ start: Int, _ entry: Entry, _ positions: inout [Int32]) {
    var hole = start
    entries.withUnsafeMutableBufferPointer { entries in
      while true {
        let first = 4 * hole + 1
        guard first < entries.count else { break }
        var least = first
        var child = first + 1
        let end = min(first + 4, entries.count)
        while child < end {
          if entries[child].precedes(entries[least]) { least = child }
          child += 1
        }
        guard entries[least].precedes(entry) else { break }
        entries[hole] = entries[least]
        positions[Int(entries[hole].index)] = Int32(truncatingIfNeeded: hole)
        hole = least
      }
      entries[hole] = entry
      positions[Int(entry.index)] = Int32(truncatingIfNeeded: hole)
    }
  }
}
