/// RTP's 16-bit sequence number (RFC 3550, section 5.1). It goes round, so there is no smallest one: numbers are
/// compared by which half of the circle they lie in (RFC 1982).
public struct SequenceNumber: RawRepresentable, Sendable, Hashable, Codable {
  public var rawValue: UInt16

  @inlinable
  public init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  @inlinable
  public init(_ value: UInt16) {
    rawValue = value
  }

  /// Steps from this number to `other`, −32,768 to 32,767; positive when `other` is newer.
  @inlinable
  public func distance(to other: SequenceNumber) -> Int {
    Int(Int16(bitPattern: other.rawValue &- rawValue))
  }

  @inlinable
  public func isNewer(than other: SequenceNumber) -> Bool {
    other.distance(to: self) > 0
  }

  @inlinable
  public func advanced(by steps: Int) -> SequenceNumber {
    SequenceNumber(rawValue &+ UInt16(truncatingIfNeeded: steps))
  }

  @inlinable public var next: SequenceNumber { advanced(by: 1) }
}

extension SequenceNumber: ExpressibleByIntegerLiteral {
  @inlinable
  public init(integerLiteral value: UInt16) {
    rawValue = value
  }
}
