/// Where a peer's random numbers come from: transaction ids, first timestamps, times of reports. (OpenSSL has its own.)
public struct PeerRandomness: RandomNumberGenerator, Sendable {
  private var seeded: UInt64?

  /// The system's, which is a cryptographic one.
  public static let system = PeerRandomness(seeded: nil)

  /// For tests that have to go the same way each time. Anybody can guess what comes.
  public static func seeded(_ seed: UInt64) -> PeerRandomness { PeerRandomness(seeded: seed) }

  private init(seeded: UInt64?) { self.seeded = seeded }

  /// SplitMix64, when seeded.
  public mutating func next() -> UInt64 {
    guard let seed = seeded else {
      var system = SystemRandomNumberGenerator()
      return system.next()
    }
    let state = seed &+ 0x9E37_79B9_7F4A_7C15
    seeded = state
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
