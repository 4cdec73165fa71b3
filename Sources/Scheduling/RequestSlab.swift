/// The requests that have not ended, each at an index that its id tells. Memory grows with the most that were there at
/// once; nothing is allocated after that.
struct RequestSlab {
  enum State: UInt8 {
    case free, queued, running
    /// Cancelled; its worker has not stopped yet.
    case stopping
  }

  struct Record {
    var generation: UInt32 = 0
    var state = State.free
    var priority = Priority.critical
    /// Times that it lost a slot to CRITICAL, and that its worker failed.
    var preemptions: Int32 = 0
    var failures: Int32 = 0
    /// It was started before, and waits among those.
    var isResumed = false
    /// Stopped for good, not to wait again.
    var endsWhenStopped = false
    var hasFirstResult = false
    var lane: Int32 = 0
    var instance: Int32 = -1
    /// Neighbours among the running ones of its class; `next` also links the free records.
    var previous: Int32 = -1
    var next: Int32 = -1
    /// Times are nanoseconds of an `Instant`.
    var submittedAt: Int64 = 0
    var deadline: Int64 = 0
    var startedAt: Int64 = 0
    /// When it was cancelled, or queued again.
    var changedAt: Int64 = 0
    var affinity: UInt64 = 0
    /// A bit for each instance where it would rather not go.
    var avoids: UInt64 = 0
  }

  private(set) var count = 0
  private var records: [Record] = []
  /// Where in its heap each queued request is.
  var positions: [Int32] = []
  private var firstFree: Int32 = -1

  subscript(index: Int) -> Record {
    @inline(__always) get { records[index] }
    @inline(__always) _modify { yield &records[index] }
  }

  /// nil when the request has ended, or never was.
  @inline(__always)
  func index(of id: RequestID) -> Int? {
    let index = id.index
    guard index < records.count, records[index].generation == id.generation, records[index].state != .free else {
      return nil
    }
    return index
  }

  func id(_ index: Int) -> RequestID { RequestID(index: index, generation: records[index].generation) }

  mutating func insert(_ record: Record) -> Int {
    count += 1
    guard firstFree >= 0 else {
      records.append(record)
      positions.append(-1)
      return records.count - 1
    }
    let index = Int(firstFree)
    firstFree = records[index].next
    let generation = records[index].generation
    records[index] = record
    records[index].generation = generation
    return index
  }

  mutating func remove(_ index: Int) {
    count -= 1
    records[index].state = .free
    records[index].generation &+= 1
    records[index].next = firstFree
    firstFree = Int32(truncatingIfNeeded: index)
  }
}

/// The running requests of a class, in the order they started. The links are in the slab.
struct RunList {
  private(set) var first: Int32 = -1
  private(set) var last: Int32 = -1

  mutating func append(_ index: Int, _ slab: inout RequestSlab) {
    let this = Int32(truncatingIfNeeded: index)
    slab[index].previous = last
    slab[index].next = -1
    if last >= 0 { slab[Int(last)].next = this } else { first = this }
    last = this
  }

  mutating func remove(_ index: Int, _ slab: inout RequestSlab) {
    let (previous, next) = (slab[index].previous, slab[index].next)
    if previous >= 0 { slab[Int(previous)].next = next } else { first = next }
    if next >= 0 { slab[Int(next)].previous = previous } else { last = previous }
  }
}
