import Runtime

/// The last packets of one outgoing stream, to be sent again to a receiver which misses some.
///
/// It keeps packets as SRTP has protected them, and gives back the same bytes. That is safe: whoever listens has seen
/// them, and no packet index is used for other content. To keep plain packets and protect them again would not be:
/// it would need the replay check of the sender off, and a byte changed in between, such as an audio level, would
/// encrypt two texts with one key stream and give away the authentication key of GCM. The receiver's own replay check
/// drops what it had. After a change of keys the cache has to be emptied.
///
/// Memory is taken once. For use by one thread.
public struct RetransmissionCache: ~Copyable {
  /// Packets that are remembered at most: 2.5 s of 20 ms each. A power of two.
  static let capacity = 128

  private struct Slot {
    var sequenceNumber: SequenceNumber
    /// 0 when the slot is free.
    var length: Int
    /// Counted over all bytes ever written; those of the last `byteCapacity` are still there.
    var start: Int
    var storedAt: Instant
    /// The last time, if ever.
    var sentAgainAt: Instant?
  }

  private let bytes: UnsafeMutableRawBufferPointer
  private var slots = InlineArray<128, Slot>(
    repeating: Slot(sequenceNumber: 0, length: 0, start: 0, storedAt: Instant(nanoseconds: 0)))
  private var written = 0

  /// After how long a packet is not sent again.
  public let usefulAge: Duration

  /// - Parameter byteCapacity: For all packets together. 16 KB is some 170 packets of 24 kbit/s speech.
  public init(byteCapacity: Int = 16384, usefulAge: Duration = .seconds(1)) {
    bytes = .allocate(byteCount: max(1, byteCapacity), alignment: 8)
    self.usefulAge = usefulAge
  }

  deinit {
    bytes.deallocate()
  }

  /// Remembers a packet that has just been sent. One larger than the whole cache is not remembered.
  public mutating func store(_ packet: RawSpan, _ sequenceNumber: SequenceNumber, at now: Instant) {
    guard !packet.isEmpty, packet.byteCount <= bytes.count else { return }
    let left = bytes.count - written % bytes.count
    if left < packet.byteCount { written += left }
    let space = UnsafeMutableRawBufferPointer(rebasing: bytes[(written % bytes.count)...])
    packet.withUnsafeBytes { space.copyMemory(from: $0) }
    slots[Self.slot(of: sequenceNumber)] = Slot(
      sequenceNumber: sequenceNumber, length: packet.byteCount, start: written, storedAt: now)
    written += packet.byteCount
  }

  /// Copies a packet that a receiver misses.
  ///
  /// - Parameter interval: A packet is not sent again twice within this, however often it is asked for. The round trip.
  /// - Returns: Its length, or nil when it is not remembered, too old, just sent again, or larger than `buffer`.
  public mutating func copy(
    _ sequenceNumber: SequenceNumber, to buffer: inout MutableRawSpan, at now: Instant, interval: Duration
  ) -> Int? {
    let index = Self.slot(of: sequenceNumber)
    let slot = slots[index]
    guard slot.length > 0, slot.sequenceNumber == sequenceNumber, written - slot.start <= bytes.count,
      now - slot.storedAt <= usefulAge, slot.length <= buffer.byteCount
    else { return nil }
    if let sentAgainAt = slot.sentAgainAt, now - sentAgainAt < interval { return nil }
    slots[index].sentAgainAt = now
    let start = slot.start % bytes.count
    let packet = UnsafeRawBufferPointer(rebasing: bytes[start..<start + slot.length])
    buffer.withUnsafeMutableBytes { $0.copyMemory(from: packet) }
    return slot.length
  }

  public mutating func removeAll() {
    for index in slots.indices { slots[index].length = 0 }
  }

  private static func slot(of sequenceNumber: SequenceNumber) -> Int {
    Int(sequenceNumber.rawValue) % capacity
  }
}
