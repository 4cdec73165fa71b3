/// What libFuzzer made up.
struct FuzzInput: Sendable {
  let bytes: [UInt8]

  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The bytes as a network may deliver them: in pieces of 1 to some 100 bytes, cut where a hash of them says. Empty
  /// for no bytes.
  var pieces: [[UInt8]] {
    var random = SplitMix64(state: bytes.fuzzHash)
    let longest = [1, 3, 16, 100][Int(random.next() % 4)]
    var pieces: [[UInt8]] = []
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + 1 + Int(random.next() % UInt64(longest)))
      pieces.append(Array(bytes[start..<end]))
      start = end
    }
    return pieces
  }

  /// The bytes before the first line feed, and those behind it.
  var firstLine: (line: String, rest: FuzzInput) {
    let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
    return (String(decoding: line, as: UTF8.self), FuzzInput(bytes: Array(bytes.dropFirst(line.count + 1))))
  }
}

extension [UInt8] {
  /// FNV-1a, the same in every run.
  fileprivate var fuzzHash: UInt64 {
    reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
  }
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
