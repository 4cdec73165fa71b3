import Runtime

/// How many STUN messages each source may have looked at that no peer knows: a bounded table of token buckets. Sans-IO.
///
/// For a shell, which asks before it looks for a peer by the user name: whoever sends rubbish costs no more than the
/// look into this table, and a shell that says anything to strangers cannot be made to say it without bound. A source
/// is an IPv4 address or the first 64 bits of an IPv6 address, since whoever has one of these has all ports and
/// addresses below it. Many callers may share one (an office, a mobile network), so limits are to be wide.
///
/// The table is given its memory once. Where it is full, the source that has sent least of four is forgotten, which is
/// why a flood from more sources than the table holds passes; such a flood is bounded by the peers' own checks.
public struct STUNRateLimiter: ~Copyable, Sendable {
  private static let ways = 4

  private struct Bucket {
    var source: UInt64
    /// When the bucket will be full again, in nanoseconds: one number instead of tokens and their time (the generic
    /// cell rate algorithm).
    var full: Int64
  }

  private let seed: UInt64
  private let interval: Int64
  private let tolerance: Int64
  private let mask: UInt64
  private var buckets: [Bucket]

  /// - Parameters:
  ///   - capacity: Sources that are known at a time, rounded up to a power of two, 4...1,048,576. Each takes 16 bytes.
  ///   - burst: Messages at once, 1 or more.
  ///   - perSecond: Messages a second in the long run, 1 or more.
  ///   - seed: A secret of this process, so that nobody can choose sources which crowd out another.
  public init(capacity: Int = 4096, burst: Int = 400, perSecond: Int = 200, seed: UInt64) {
    self.seed = seed
    interval = 1_000_000_000 / Int64(min(max(perSecond, 1), 1_000_000_000))
    tolerance = Int64(min(max(burst, 1), 1_000_000) - 1) * interval
    var sets = 1
    while sets * Self.ways < min(max(capacity, Self.ways), 1 << 20) { sets *= 2 }
    mask = UInt64(sets - 1)
    buckets = [Bucket](repeating: Bucket(source: 0, full: .min), count: sets * Self.ways)
  }

  /// Takes a token from the source's bucket; false when there is none.
  public mutating func allows(_ address: TransportAddress, at now: Instant) -> Bool {
    let source = address.isIPv4 ? address.low : address.high
    let slot = slot(of: source)
    let full = max(buckets[slot].source == source ? buckets[slot].full : .min, now.nanoseconds)
    guard full &- now.nanoseconds <= tolerance else { return false }
    buckets[slot] = Bucket(source: source, full: full &+ interval)
    return true
  }

  /// The source's own bucket, or of those it may have the one that is nearest to full.
  private func slot(of source: UInt64) -> Int {
    let product = (source ^ seed).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    let first = Int(truncatingIfNeeded: (product.high ^ product.low) & mask) * Self.ways
    var fullest = first
    for slot in first..<first + Self.ways {
      if buckets[slot].source == source { return slot }
      if buckets[slot].full < buckets[fullest].full { fullest = slot }
    }
    return fullest
  }
}
