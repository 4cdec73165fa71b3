/// What a class is owed of its lane's slot-time.
///
/// While the class has requests waiting, it is credited with a little more than its floor, and it pays for the slots it
/// has. So the credit says how far it is behind (above zero) or ahead. It goes before the classes above it while it is
/// behind, and before CRITICAL, and cannot be preempted, when it is `owed`: five seconds of its floor behind.
///
/// Why this keeps the floor in every 60 s: over a window in which the class always has work, it gets 1.2 × 60 s of its
/// floor less the credit's rise. That rise is at most from -3 s to +5 s, and 4 s more until slots are free: 72 - 12 = 60.
struct FloorAccount {
  private static let rate = 1.2
  private static let ahead = 3e9
  private static let owed = 5e9
  private static let most = 12e9

  /// 0...0.3.
  let floor: Double
  /// Slot-nanoseconds.
  private(set) var credit = 0.0

  init(floor: Double) {
    self.floor = floor.isFinite ? min(max(floor, 0), 0.3) : 0
  }

  /// - Parameters:
  ///   - elapsed: in nanoseconds.
  ///   - slots: what the class has had since.
  ///   - capacity: the slots of the lane that the class may use.
  @inline(__always)
  mutating func advance(_ elapsed: Double, slots: Int, capacity: Int, isWaiting: Bool) {
    let due = floor * Double(capacity)
    var credit = self.credit - elapsed * Double(slots)
    // Who does not wait has no claim.
    credit = isWaiting ? min(credit + elapsed * due * Self.rate, due * Self.most) : min(credit, 0)
    self.credit = max(credit, -Self.ahead * due)
  }

  @inline(__always) var isBehind: Bool { credit > 0 }

  @inline(__always)
  func isOwed(capacity: Int) -> Bool { credit > Self.owed * floor * Double(capacity) }

  /// Slots that CRITICAL leaves to the class as long as there are others to take.
  func slots(capacity: Int) -> Int { Int((floor * Double(capacity)).rounded(.up)) }
}
