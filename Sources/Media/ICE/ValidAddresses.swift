import Runtime

/// The remote addresses from which an authenticated check came: the latest eight. In place, so that asking costs a
/// few comparisons and nothing is allocated.
struct ValidAddresses: Sendable {
  static let capacity = 8

  private struct Entry: Sendable {
    var address: TransportAddress
    var lastCheck: Instant
    /// Whether a check came with the credentials of a restart that is under way.
    var isOfRestart: Bool
  }

  private var entries = InlineArray<8, Entry>(
    repeating: Entry(address: .unspecified, lastCheck: Instant(nanoseconds: 0), isOfRestart: false))
  private(set) var count = 0

  /// Whether a check came from `address` after `time`.
  func contains(_ address: TransportAddress, since time: Instant) -> Bool {
    for index in 0..<count where entries[index].address == address { return entries[index].lastCheck > time }
    return false
  }

  /// The one whose last check is oldest makes room, but for `kept`.
  mutating func insert(
    _ address: TransportAddress, at now: Instant, isOfRestart: Bool, keeping kept: TransportAddress?
  ) {
    var slot = 0
    while slot < count, entries[slot].address != address { slot += 1 }
    if slot < count {
      entries[slot].lastCheck = now
      entries[slot].isOfRestart = entries[slot].isOfRestart || isOfRestart
      return
    }
    if count < Self.capacity {
      count += 1
    } else {
      slot = entries[0].address == kept ? 1 : 0
      for index in 0..<count
      where entries[index].address != kept && entries[index].lastCheck < entries[slot].lastCheck {
        slot = index
      }
    }
    entries[slot] = Entry(address: address, lastCheck: now, isOfRestart: isOfRestart)
  }

  /// The restart has succeeded: what came before it is no longer valid.
  mutating func finishRestart() {
    var kept = 0
    for index in 0..<count where entries[index].isOfRestart {
      entries[kept] = entries[index]
      entries[kept].isOfRestart = false
      kept += 1
    }
    count = kept
  }

  /// The marks of a restart that another one replaces.
  mutating func forgetRestart() {
    for index in 0..<count { entries[index].isOfRestart = false }
  }
}
