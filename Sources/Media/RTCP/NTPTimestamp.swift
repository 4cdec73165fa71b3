import Runtime

/// Seconds since 1900 in the upper half, their fraction in the lower (RFC 3550, section 4). It goes round in 2036.
public struct NTPTimestamp: Sendable, Hashable {
  /// From 1900 to 1970.
  private static let unixEpoch: UInt64 = 2_208_988_800

  public let rawValue: UInt64

  public init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// - Parameter unixNanoseconds: The clock on the wall, since 1970. Before that counts as 1970.
  public init(unixNanoseconds: Int64) {
    let (seconds, rest) = UInt64(max(0, unixNanoseconds)).quotientAndRemainder(dividingBy: 1_000_000_000)
    rawValue = (seconds &+ Self.unixEpoch) << 32 | (rest << 32) / 1_000_000_000
  }

  /// What a report block gives back: the middle 32 bits, in 1/65,536 s.
  public var middle: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 16) }
}

extension Duration {
  /// In 1/65,536 s, as report blocks have it; 0 to `UInt32.max`, which is 18 hours.
  var reportUnits: UInt32 {
    let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    guard nanoseconds > 0 else { return 0 }
    guard seconds < 65536 else { return .max }
    return UInt32(truncatingIfNeeded: seconds << 16 | (rest << 16) / 1_000_000_000)
  }

  init(reportUnits: UInt32) {
    self = .nanoseconds(Int64(reportUnits) * 1_000_000_000 / 65536)
  }
}
