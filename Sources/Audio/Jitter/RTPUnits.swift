import Runtime

/// Time in units of 48 kHz, the RTP clock of Opus; a G.711 unit is six of them.
enum RTPUnits {
  static let perMillisecond: Int64 = 48
  /// At 16 kHz.
  static let perSample: Int64 = 3
  /// 2.5 ms, what Opus durations are multiples of.
  static let perStep: Int64 = 120

  static func from(_ now: Instant) -> Int64 {
    let (whole, rest) = now.nanoseconds.quotientAndRemainder(dividingBy: 125_000)
    return whole &* 6 &+ rest &* 6 / 125_000
  }

  static func from(milliseconds: Int) -> Int64 { Int64(milliseconds) * perMillisecond }
}
