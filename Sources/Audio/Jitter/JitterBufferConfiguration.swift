extension JitterBuffer {
  /// Bounds and thresholds; values out of range count as the nearest one in it.
  public struct Configuration: Sendable, Equatable {
    /// What the target delay is kept within, in milliseconds; 10...1000.
    public var minimumDelayMilliseconds = 20
    public var maximumDelayMilliseconds = 400
    /// Before anything is known of the network.
    public var initialDelayMilliseconds = 60
    /// Packets whose audio level (RFC 6464) is this far below overload, or further, in dB, are silent; 0...127. Those
    /// are not decoded once there have been a few of them in a row.
    public var silenceLevel: UInt8 = 75

    public init() {}

    var minimumDelay: Int64 { RTPUnits.from(milliseconds: min(max(10, minimumDelayMilliseconds), 1000)) }
    var maximumDelay: Int64 {
      max(minimumDelay, RTPUnits.from(milliseconds: min(max(10, maximumDelayMilliseconds), 1000)))
    }
    var initialDelay: Int64 {
      min(max(minimumDelay, RTPUnits.from(milliseconds: min(max(0, initialDelayMilliseconds), 1000))), maximumDelay)
    }
  }
}
