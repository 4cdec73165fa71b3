import Runtime

/// What the sender of one stream knows: for its sender reports, and from what receivers report back.
///
/// Report blocks are the peer's word. A round trip is taken only from one that names a report which was really sent,
/// and is measured on the monotonic clock from there, so that neither a wrong answer nor a step of the clock on the
/// wall can make it more than the age of that report, or less than zero.
public struct SenderReportState: Sendable {
  private struct SentReport {
    /// Of the NTP timestamp.
    var middle: UInt32
    var at: Instant
  }

  /// By how much less than zero a round trip may be, for rounding.
  private static let roundingTolerance = Duration.milliseconds(1)

  public let ssrc: UInt32
  private let clock: RTPClock

  private var packetCount: UInt32 = 0
  private var octetCount: UInt32 = 0
  private var lastTimestamp: UInt32 = 0
  private var lastTime = Instant(nanoseconds: 0)
  /// Reports since the last packet.
  private var reportsWithoutPackets = 2

  private var sentReports = InlineArray<8, SentReport>(
    repeating: SentReport(middle: 0, at: Instant(nanoseconds: 0)))
  private var sentReportCount = 0

  /// Smoothed as TCP does it; nil before the first.
  public private(set) var roundTripTime: Duration?
  /// Of what was sent, 0 to 1, smoothed: half the way up with each report, a quarter of the way down.
  public private(set) var lossFraction = 0.0
  private var ignoresNextLoss: Bool

  /// - Parameter clockRate: Of the timestamps, in Hz, at least 1.
  /// - Parameter resumed: Whether the stream goes on after a restart. Its jump over reserved indices is not loss, though
  ///   the first report says so.
  public init(ssrc: UInt32, clockRate: UInt32, resumed: Bool = false) {
    self.ssrc = ssrc
    clock = RTPClock(rate: max(1, clockRate))
    ignoresNextLoss = resumed
  }

  /// - Parameter payloadLength: In bytes, without header and tag.
  public mutating func sent(timestamp: UInt32, payloadLength: Int, at now: Instant) {
    packetCount &+= 1
    octetCount &+= UInt32(truncatingIfNeeded: payloadLength)
    lastTimestamp = timestamp
    lastTime = now
    reportsWithoutPackets = 0
  }

  /// A report as of now. Nil when nothing was sent since the report before the last, and a receiver report is due
  /// instead (RFC 3550, section 6.4).
  ///
  /// - Parameter wallClock: The time that goes into the report.
  public mutating func makeReport(at now: Instant, wallClock: NTPTimestamp) -> SenderReport? {
    guard reportsWithoutPackets < 2 else { return nil }
    reportsWithoutPackets += 1
    sentReports[sentReportCount % 8] = SentReport(middle: wallClock.middle, at: now)
    sentReportCount += 1
    // The timestamp that a packet of this very moment would have.
    let elapsed = clock.units(in: now - lastTime)
    return SenderReport(
      ssrc: ssrc, ntpTimestamp: wallClock, rtpTimestamp: lastTimestamp &+ UInt32(truncatingIfNeeded: elapsed),
      packetCount: packetCount, octetCount: octetCount)
  }

  /// Takes in how the peer receives this stream. A block on another source is left alone.
  public mutating func received(_ block: ReportBlock, at now: Instant) {
    guard block.ssrc == ssrc else { return }
    if let measured = roundTrip(block, at: now) {
      roundTripTime = roundTripTime.map { ($0 * 7 + measured) / 8 } ?? measured
    }
    guard !ignoresNextLoss else {
      ignoresNextLoss = false
      return
    }
    let loss = Double(block.fractionLost) / 256
    lossFraction += (loss - lossFraction) * (loss > lossFraction ? 0.5 : 0.25)
  }

  /// RFC 3550, section 6.4.1.
  private func roundTrip(_ block: ReportBlock, at now: Instant) -> Duration? {
    guard block.lastSenderReport != 0 else { return nil }
    for age in 1...8 where age <= sentReportCount {
      let report = sentReports[(sentReportCount - age) % 8]
      guard report.middle == block.lastSenderReport else { continue }
      let roundTrip = now - report.at - Duration(reportUnits: block.delaySinceLastSenderReport)
      return roundTrip < .zero - Self.roundingTolerance ? nil : max(.zero, roundTrip)
    }
    return nil
  }
}
