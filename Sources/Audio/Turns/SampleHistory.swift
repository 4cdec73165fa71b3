/// The newest samples of a stream, up to a capacity, which is allocated with the first one.
struct SampleHistory {
  let capacity: Int
  private var ring: [Int16] = []
  /// Where the oldest sample is, and the next one goes, once the ring is full.
  private var oldest = 0

  init(capacity: Int) {
    self.capacity = capacity
  }

  var count: Int { ring.count }

  mutating func append(_ samples: UnsafeBufferPointer<Int16>) {
    let newest = samples.suffix(capacity)
    let room = capacity - ring.count
    ring.reserveCapacity(capacity)
    ring += newest.prefix(room)
    for sample in newest.dropFirst(room) {
      ring[oldest] = sample
      oldest = oldest + 1 == capacity ? 0 : oldest + 1
    }
  }

  mutating func append(silence count: Int) {
    let count = min(count, capacity)
    ring.reserveCapacity(capacity)
    let filling = min(count, capacity - ring.count)
    ring += repeatElement(0, count: filling)
    for _ in filling..<count {
      ring[oldest] = 0
      oldest = oldest + 1 == capacity ? 0 : oldest + 1
    }
  }

  /// The newest `length` samples, or all when there are fewer.
  func suffix(_ length: Int) -> [Int16] {
    Array((ring[oldest...] + ring[..<oldest]).suffix(length))
  }

  mutating func removeAll() {
    ring.removeAll(keepingCapacity: true)
    oldest = 0
  }
}
