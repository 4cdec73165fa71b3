/// The numbers that name the peers of one port, and that clients send back in their checks (`IceRoutingTag`): a place in
/// the table, and how often it was given out. Sans-IO.
struct PeerTags: Sendable {
  /// At once.
  static let capacity = 1 << slotBits
  private static let slotBits = 16

  private var free: [UInt16] = []
  /// By place.
  private var generations: [UInt16] = []

  /// - Returns: nil when all are taken.
  mutating func reserve() -> UInt32? {
    let slot: UInt16
    if let last = free.popLast() {
      slot = last
    } else {
      guard generations.count < Self.capacity else { return nil }
      slot = UInt16(generations.count)
      generations.append(0)
    }
    return UInt32(generations[Int(slot)]) << Self.slotBits | UInt32(slot)
  }

  /// Its place may be given out again, under another number. One that is not in use is ignored.
  mutating func giveBack(_ tag: UInt32) {
    let slot = Self.slot(of: tag)
    guard slot < generations.count, generations[slot] == UInt16(tag >> Self.slotBits) else { return }
    generations[slot] &+= 1
    free.append(UInt16(slot))
  }

  static func slot(of tag: UInt32) -> Int { Int(tag & UInt32(capacity - 1)) }
}
