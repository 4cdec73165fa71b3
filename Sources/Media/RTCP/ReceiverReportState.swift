import Runtime

/// What the receiver of one source knows, for its report blocks.
public struct ReceiverReportState: Sendable {
  public let ssrc: UInt32
  public private(set) var statistics: ReceptionStatistics

  private var lastSenderReport: UInt32 = 0
  private var lastSenderReportTime = Instant(nanoseconds: 0)

  /// - Parameter clockRate: Of the timestamps, in Hz, at least 1.
  public init(ssrc: UInt32, clockRate: UInt32) {
    self.ssrc = ssrc
    statistics = ReceptionStatistics(clockRate: clockRate)
  }

  @discardableResult
  public mutating func received(
    _ sequenceNumber: SequenceNumber, timestamp: UInt32, at now: Instant
  ) -> ReceptionStatistics.Arrival {
    statistics.received(sequenceNumber, timestamp: timestamp, at: now)
  }

  /// A report of another source is left alone.
  public mutating func received(_ report: SenderReport, at now: Instant) {
    guard report.ssrc == ssrc else { return }
    lastSenderReport = report.ntpTimestamp.middle
    lastSenderReportTime = now
  }

  /// The block for the next report; loss is counted from one call to the next. Nil before the first packet.
  public mutating func makeReportBlock(at now: Instant) -> ReportBlock? {
    guard statistics.packetsReceived > 0 else { return nil }
    return ReportBlock(
      ssrc: ssrc, fractionLost: statistics.takeFractionLost(), cumulativeLost: statistics.cumulativeLost,
      extendedHighestSequenceNumber: statistics.extendedHighestSequenceNumber, jitter: statistics.jitter,
      lastSenderReport: lastSenderReport,
      delaySinceLastSenderReport: lastSenderReport == 0 ? 0 : (now - lastSenderReportTime).reportUnits)
  }
}
