/// The 96 bits that join a response to its request (RFC 8489, section 5).
public struct TransactionID: Hashable, Sendable, BitwiseCopyable {
  /// The first four bytes.
  public let high: UInt32
  /// The other eight.
  public let low: UInt64

  public init(high: UInt32, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// `generator` has to be a cryptographic one, which `SystemRandomNumberGenerator` is: the id must not be guessed.
  public init(using generator: inout some RandomNumberGenerator) {
    self.init(high: UInt32(truncatingIfNeeded: generator.next()), low: generator.next())
  }
}
