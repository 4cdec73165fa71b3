/// The last packets of a stream, whether played or not, in memory that is taken once.
///
/// Payloads lie in a ring of bytes in the order of their arrival: when it is full, the oldest are gone.
struct PacketSlab: ~Copyable {
  /// How far apart the sequence numbers of remembered packets may be. A power of two.
  static let capacity = 128
  /// 8 s of 16 kbit/s, 1 s of 128 kbit/s.
  static let byteCapacity = 16_384
  /// What fits into a datagram.
  static let largestPayload = 1500

  struct Packet {
    /// With the rounds, so it never goes round.
    let sequence: Int64
    /// `RTPUnits`, with the rounds.
    let timestamp: Int64
    /// `RTPUnits`.
    let arrival: Int64
    /// `RTPUnits`; 0 for a packet without audio.
    let duration: Int64
    /// Of one Opus frame: what a packet can tell of the one before it. `RTPUnits`.
    let frameDuration: Int64
    let length: Int
    /// RFC 6464; 0 when the sender does not say.
    let level: UInt8
    let hasFEC: Bool
    /// Counted over all bytes ever written.
    fileprivate(set) var start = 0
    fileprivate(set) var isWaiting = true
  }

  /// Nil before the first packet.
  private var packets: UnsafeMutablePointer<Packet?>?
  private var bytes: UnsafeMutablePointer<UInt8>?
  private var written = 0
  /// Stored and not yet taken.
  private(set) var waiting = 0

  deinit {
    packets?.deallocate()  // trivial elements
    bytes?.deallocate()
  }

  /// The packet with that number, taken or not, if its payload is still there.
  func packet(_ sequence: Int64) -> Packet? {
    guard let packet = packets?[Self.index(sequence)], packet.sequence == sequence, isIntact(packet) else { return nil }
    return packet
  }

  /// The oldest waiting packet of a range.
  func firstWaiting(from sequence: Int64, through last: Int64) -> Packet? {
    guard waiting > 0, sequence <= last else { return nil }
    for sequence in sequence...min(last, sequence + Int64(Self.capacity) - 1) {
      if let packet = packet(sequence), packet.isWaiting { return packet }
    }
    return nil
  }

  /// Whether a packet with that number has come, even if its payload is gone.
  func knows(_ sequence: Int64) -> Bool {
    packets?[Self.index(sequence)]?.sequence == sequence
  }

  func payload(of packet: Packet) -> UnsafeBufferPointer<UInt8> {
    guard let bytes, isIntact(packet) else { return UnsafeBufferPointer(start: nil, count: 0) }
    return UnsafeBufferPointer(start: bytes + packet.start % Self.byteCapacity, count: packet.length)
  }

  /// - Parameters:
  ///   - packet: With the payload's length, at most `largestPayload`.
  /// - Returns: Whether a waiting packet had to go for it.
  mutating func store(_ packet: Packet, _ payload: UnsafeRawBufferPointer) -> Bool {
    let packets = self.packets ?? makePackets()
    let bytes = self.bytes ?? makeBytes()
    let left = Self.byteCapacity - written % Self.byteCapacity
    if left < packet.length { written += left }
    UnsafeMutableRawBufferPointer(start: bytes + written % Self.byteCapacity, count: packet.length)
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: payload[..<packet.length]))
    var stored = packet
    stored.start = written
    written += packet.length

    let index = Self.index(packet.sequence)
    let evicts = packets[index]?.isWaiting == true
    packets[index] = stored
    if !evicts { waiting += 1 }
    return evicts
  }

  /// The packet has been played, or is not going to be.
  mutating func take(_ sequence: Int64) {
    let index = Self.index(sequence)
    guard let packets, packets[index]?.sequence == sequence, packets[index]?.isWaiting == true else { return }
    packets[index]?.isWaiting = false
    waiting -= 1
  }

  /// Forgets every packet.
  mutating func removeAll() {
    packets?.update(repeating: nil, count: Self.capacity)
    waiting = 0
  }

  private func isIntact(_ packet: Packet) -> Bool { written - packet.start <= Self.byteCapacity }

  private static func index(_ sequence: Int64) -> Int {
    Int(truncatingIfNeeded: sequence) & (capacity - 1)
  }

  private mutating func makePackets() -> UnsafeMutablePointer<Packet?> {
    let made = UnsafeMutablePointer<Packet?>.allocate(capacity: Self.capacity)
    made.initialize(repeating: nil, count: Self.capacity)
    packets = made
    return made
  }

  private mutating func makeBytes() -> UnsafeMutablePointer<UInt8> {
    let made = UnsafeMutablePointer<UInt8>.allocate(capacity: Self.byteCapacity)
    bytes = made
    return made
  }
}
