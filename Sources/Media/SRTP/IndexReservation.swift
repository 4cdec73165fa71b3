/// Packet indices of one outgoing stream that may be used, because a durable record says that they may have been.
///
/// No index is used twice with one key, not even by a process that was killed and comes back: it goes on at the end of
/// what was reserved, whether all of that was used or not. So `end` is the only thing a checkpoint needs. A block is
/// asked for when half of the last is used, so that writing it down is never waited for.
public struct IndexReservation: Sendable, Hashable {
  /// One above the largest index.
  public let limit: UInt64
  /// How many indices lie ahead after a reservation. The jump that receivers see after a restart is at most this.
  public let blockSize: UInt64

  /// Nothing below it is used; an earlier process may have.
  public let start: UInt64
  /// One above the highest index used.
  public private(set) var next: UInt64
  /// One above the highest index that may be used.
  public private(set) var end: UInt64
  private var requestedEnd: UInt64

  /// Nothing is reserved yet.
  ///
  /// - Parameter start: Of a new stream, or the `end` that an earlier process had made durable.
  public init(startingAt start: UInt64, blockSize: UInt64, limit: UInt64) {
    self.limit = limit
    self.blockSize = max(1, blockSize)
    self.start = min(start, limit)
    next = self.start
    end = self.start
    requestedEnd = self.start
  }

  /// For RTP: 2,000 packets, 40 s of audio.
  public init(startingAt start: PacketIndex, blockSize: UInt64 = 2000) {
    self.init(startingAt: start.rawValue, blockSize: blockSize, limit: PacketIndex.limit)
  }

  /// For SRTCP, whose index has 31 bits.
  public init(startingAtRTCP start: UInt32, blockSize: UInt64 = 100) {
    self.init(startingAt: UInt64(start), blockSize: blockSize, limit: 1 << 31)
  }

  /// Whether half of the block is used and no more has been asked for.
  public var needsReservation: Bool {
    requestedEnd == end && end < limit && end - min(next, end) <= blockSize / 2
  }

  /// The end to be made durable. Afterwards `confirm` has to be called, or `abandonRequest`.
  public mutating func request() -> UInt64 {
    requestedEnd = next >= limit - min(limit, blockSize) ? limit : max(end, next + blockSize)
    return requestedEnd
  }

  /// `end` is durable. What was not asked for is not given.
  public mutating func confirm(_ end: UInt64) {
    self.end = max(self.end, min(end, requestedEnd))
    requestedEnd = self.end
  }

  /// What was asked for could not be made durable. It will be asked for again.
  public mutating func abandonRequest() {
    requestedEnd = end
  }

  public func permits(_ index: UInt64) -> Bool {
    index >= start && index < end
  }

  mutating func use(_ index: UInt64) {
    next = max(next, index + 1)
  }
}
