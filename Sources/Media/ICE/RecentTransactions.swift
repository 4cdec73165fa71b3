/// The ids of the latest authenticated requests.
///
/// Nothing in STUN says how old a request is, so whoever hears one could send it again from an address of its own,
/// which would become a valid one. A request that was seen before is therefore not taken from an address that is not
/// yet valid. The memory covers the time of a handshake, when one forged ClientHello would do harm, and a minute or
/// two of a call; what an older replay can do (the selected address moves) the client's own next check undoes.
struct RecentTransactions: Sendable {
  static let capacity = 32

  /// 64 of their 96 bits: enough not to meet by chance.
  private var ids = InlineArray<32, UInt64>(repeating: 0)
  private var next = 0
  private var count = 0

  func contains(_ id: TransactionID) -> Bool {
    for index in 0..<count where ids[index] == id.low { return true }
    return false
  }

  mutating func insert(_ id: TransactionID) {
    // A client that repeats itself must not push out the others.
    if count > 0, ids[(next &+ Self.capacity &- 1) % Self.capacity] == id.low { return }
    ids[next] = id.low
    next = (next &+ 1) % Self.capacity
    count = min(count &+ 1, Self.capacity)
  }
}
