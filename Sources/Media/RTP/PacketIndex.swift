/// SRTP's 48-bit packet index: the rollover counter above the sequence number (RFC 3711, section 3.3.1).
/// Kept as one number, so that its halves never disagree.
public struct PacketIndex: RawRepresentable, Sendable, Hashable, Codable, Comparable {
  public static let limit: UInt64 = 1 << 48

  public let rawValue: UInt64

  /// Nil when the number has more than 48 bits.
  public init?(rawValue: UInt64) {
    guard rawValue < Self.limit else { return nil }
    self.rawValue = rawValue
  }

  public init(rolloverCounter: UInt32, _ sequenceNumber: SequenceNumber) {
    rawValue = UInt64(rolloverCounter) << 16 | UInt64(sequenceNumber.rawValue)
  }

  /// In the first round.
  public init(_ sequenceNumber: SequenceNumber) {
    self.init(rolloverCounter: 0, sequenceNumber)
  }

  /// Where a stream begins: a random number of the lower half of the first round, so that packets which are lost or
  /// reordered at the start cannot make a receiver guess the wrong round.
  public static func random(using generator: inout some RandomNumberGenerator) -> PacketIndex {
    PacketIndex(SequenceNumber(UInt16.random(in: 0..<0x8000, using: &generator)))
  }

  public var sequenceNumber: SequenceNumber { SequenceNumber(UInt16(truncatingIfNeeded: rawValue)) }
  public var rolloverCounter: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 16) }

  public static func < (a: PacketIndex, b: PacketIndex) -> Bool { a.rawValue < b.rawValue }

  /// The index of a packet with `sequenceNumber` when this is the highest so far, as RFC 3711's appendix A guesses
  /// it. Nil past the end of the 48 bits.
  ///
  /// Up to half a round after the very start every number is of the first round, as libsrtp has it: there is no
  /// round before.
  public func nearest(_ sequenceNumber: SequenceNumber) -> PacketIndex? {
    guard rawValue > 0x8000 else { return PacketIndex(sequenceNumber) }
    let highest = Int(self.sequenceNumber.rawValue)
    let value = Int(sequenceNumber.rawValue)
    if highest < 0x8000 {
      return PacketIndex(rolloverCounter: rolloverCounter &- (value - highest > 0x8000 ? 1 : 0), sequenceNumber)
    }
    guard highest - 0x8000 > value else { return PacketIndex(rolloverCounter: rolloverCounter, sequenceNumber) }
    guard rolloverCounter < .max else { return nil }
    return PacketIndex(rolloverCounter: rolloverCounter + 1, sequenceNumber)
  }
}
