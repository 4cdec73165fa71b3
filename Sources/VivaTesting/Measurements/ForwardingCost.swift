/// What it costs a server to send packets of a room to those who listen.
public struct ForwardingCost: Sendable, Equatable, Encodable {
  public var packetsPerSecond: Double
  /// CPU milliseconds in a second: of all, and of what is there without the listeners.
  public var cpuMillisecondsPerSecond: Double
  public var cpuMillisecondsPerSecondBefore: Double
  /// Of the difference.
  public var microsecondsPerPacket: Double

  /// - Parameters:
  ///   - packets: that came to the listeners.
  ///   - lost: that were sent to them, too.
  /// - Returns: nil when nothing was sent, or in no time.
  public init?(
    packets: Int, lost: Int, seconds: Double, cpuMillisecondsPerSecond: Double, cpuMillisecondsPerSecondBefore: Double
  ) {
    guard packets + lost > 0, seconds > 0 else { return nil }
    packetsPerSecond = Double(packets + max(0, lost)) / seconds
    self.cpuMillisecondsPerSecond = cpuMillisecondsPerSecond
    self.cpuMillisecondsPerSecondBefore = cpuMillisecondsPerSecondBefore
    let difference = cpuMillisecondsPerSecond - cpuMillisecondsPerSecondBefore
    microsecondsPerPacket = difference * 1000 / packetsPerSecond
  }
}
