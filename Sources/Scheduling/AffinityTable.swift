/// Which instance last had a key. Of fixed size: a newer key takes an older one's place, who then has no affinity. That
/// costs a prefix, not correctness.
struct AffinityTable {
  private static let bits: UInt64 = 14

  private var keys: [UInt64]
  private var instances: [Int32]

  init() {
    keys = Array(repeating: 0, count: 1 << Self.bits)
    instances = Array(repeating: -1, count: 1 << Self.bits)
  }

  /// -1 when it is not known.
  func instance(of key: UInt64) -> Int {
    let place = Self.place(key)
    return keys[place] == key ? Int(instances[place]) : -1
  }

  mutating func set(_ key: UInt64, to instance: Int) {
    let place = Self.place(key)
    keys[place] = key
    instances[place] = Int32(truncatingIfNeeded: instance)
  }

  /// Fibonacci hashing.
  private static func place(_ key: UInt64) -> Int { Int((key &* 0x9E37_79B9_7F4A_7C15) >> (64 - bits)) }
}
