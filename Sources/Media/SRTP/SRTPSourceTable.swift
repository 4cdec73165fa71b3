/// The sources of a receiver, a bounded number of them. A peer has one or two.
///
/// When a source too many comes, the one that has been silent for the longest is retired. A retired one stays refused:
/// its replay window is gone, so that all it ever sent could be played again. Nor does a peer come by new sources
/// without end.
struct SRTPSourceTable: Sendable {
  static let capacity = 8
  /// Sources that can be retired in the life of a receiver.
  static let retiredCapacity = 32

  private var sources = InlineArray<8, SRTPSource>(repeating: SRTPSource(ssrc: 0))
  private var count = 0
  private var retired = InlineArray<32, UInt32>(repeating: 0)
  private var retiredCount = 0
  private let admitsNew: Bool
  private var uses: UInt64 = 0

  /// Nil when there are too many.
  init?(_ checkpoint: SRTPReceiverCheckpoint) {
    guard checkpoint.sources.count <= Self.capacity, checkpoint.retired.count <= Self.retiredCapacity else {
      return nil
    }
    admitsNew = !checkpoint.onlyDeclared
    for source in checkpoint.sources {
      guard place(of: source.ssrc) == nil else { return nil }
      sources[count] = SRTPSource(source)
      count += 1
    }
    for ssrc in checkpoint.retired {
      retired[retiredCount] = ssrc
      retiredCount += 1
    }
  }

  func place(of ssrc: UInt32) -> Int? {
    for place in 0..<count where sources[place].ssrc == ssrc { return place }
    return nil
  }

  subscript(place: Int) -> SRTPSource {
    get { sources[place] }
    set { sources[place] = newValue }
  }

  mutating func use(_ place: Int) {
    uses += 1
    sources[place].lastUse = uses
  }

  /// Whether a source that is not here may come.
  func admits(_ ssrc: UInt32) -> Bool {
    guard admitsNew, count < Self.capacity || retiredCount < Self.retiredCapacity else { return false }
    for place in 0..<retiredCount where retired[place] == ssrc { return false }
    return true
  }

  /// Retires a source when there is no room for another.
  mutating func makeRoom() -> UInt32? {
    guard count == Self.capacity, retiredCount < Self.retiredCapacity else { return nil }
    var oldest = 0
    for place in 1..<count where sources[place].lastUse < sources[oldest].lastUse { oldest = place }
    let ssrc = sources[oldest].ssrc
    retired[retiredCount] = ssrc
    retiredCount += 1
    count -= 1
    sources[oldest] = sources[count]
    return ssrc
  }

  /// - Returns: Its place. There is room, when `admits` said so and `makeRoom` was called.
  mutating func add(_ ssrc: UInt32) -> Int {
    sources[count] = SRTPSource(ssrc: ssrc)
    count += 1
    return count - 1
  }

  var checkpoint: SRTPReceiverCheckpoint {
    SRTPReceiverCheckpoint(
      sources: (0..<count).map { sources[$0].checkpoint }, retired: (0..<retiredCount).map { retired[$0] },
      onlyDeclared: !admitsNew)
  }
}
