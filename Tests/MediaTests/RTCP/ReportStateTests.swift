import Runtime
import Testing

@testable import Media

struct ReportStateTests {
  private func block(
    lost: UInt8 = 0, lastSenderReport: UInt32 = 0, delay: UInt32 = 0, ssrc: UInt32 = 1
  ) -> ReportBlock {
    ReportBlock(
      ssrc: ssrc, fractionLost: lost, cumulativeLost: 0, extendedHighestSequenceNumber: 0, jitter: 0,
      lastSenderReport: lastSenderReport, delaySinceLastSenderReport: delay)
  }

  private func sender(sentAt time: Int = 0) -> SenderReportState {
    var state = SenderReportState(ssrc: 1, clockRate: 48000)
    state.sent(timestamp: 1000, payloadLength: 60, at: milliseconds(time))
    return state
  }

  /// RFC 3550, figure 2: 10 November 1995, 11:33:25.125, and an answer at 11:33:36.5.
  @Test
  func theRoundTripOfTheRFCsExample() throws {
    var state = sender()
    let wallClock = NTPTimestamp(unixNanoseconds: 816_003_205_125_000_000)
    #expect(wallClock.rawValue == 0xb44d_b705_2000_0000)
    let report = try required(state.makeReport(at: milliseconds(125), wallClock: wallClock))
    #expect(report.ntpTimestamp.middle == 0xb705_2000)
    state.received(block(lastSenderReport: 0xb705_2000, delay: 0x0005_4000), at: milliseconds(11_500))
    #expect(state.roundTripTime == .milliseconds(6125))
  }

  @Test
  func aReportHasTheTimestampOfItsOwnMoment() throws {
    var state = sender()
    state.sent(timestamp: 4_294_967_295, payloadLength: 40, at: milliseconds(20))
    let report = try required(state.makeReport(at: milliseconds(1020), wallClock: NTPTimestamp(rawValue: 7 << 32)))
    #expect(report.rtpTimestamp == 47_999)
    #expect(report.packetCount == 2 && report.octetCount == 100)
  }

  @Test
  func withoutPacketsNoSenderReportIsMade() {
    var state = SenderReportState(ssrc: 1, clockRate: 48000)
    let wallClock = NTPTimestamp(rawValue: 1 << 32)
    #expect(state.makeReport(at: milliseconds(0), wallClock: wallClock) == nil)
    state.sent(timestamp: 0, payloadLength: 1, at: milliseconds(0))
    #expect(state.makeReport(at: milliseconds(1), wallClock: wallClock) != nil)
    #expect(state.makeReport(at: milliseconds(2), wallClock: wallClock) != nil)
    #expect(state.makeReport(at: milliseconds(3), wallClock: wallClock) == nil)
    state.sent(timestamp: 0, payloadLength: 1, at: milliseconds(4))
    #expect(state.makeReport(at: milliseconds(5), wallClock: wallClock) != nil)
  }

  @Test
  func onlyAnswersToReportsThatWereSentTellTheRoundTrip() throws {
    var state = sender()
    let report = try required(state.makeReport(at: milliseconds(1000), wallClock: NTPTimestamp(rawValue: 5 << 32)))
    let middle = report.ntpTimestamp.middle
    for wrong in [
      block(), block(lastSenderReport: middle &+ 1), block(lastSenderReport: middle, delay: .max),
      block(lastSenderReport: middle, ssrc: 2),
    ] {
      state.received(wrong, at: milliseconds(1050))
      #expect(state.roundTripTime == nil)
    }
    state.received(block(lastSenderReport: middle, delay: 65536 / 100), at: milliseconds(1050))
    let roundTrip = try #require(state.roundTripTime)
    #expect(roundTrip > .milliseconds(39) && roundTrip < .milliseconds(41))
    // The delay is rounded up: no less than zero.
    var fast = sender()
    let sent = try required(fast.makeReport(at: milliseconds(0), wallClock: NTPTimestamp(rawValue: 5 << 32)))
    fast.received(block(lastSenderReport: sent.ntpTimestamp.middle, delay: 66), at: milliseconds(1))
    #expect(fast.roundTripTime == .zero)
  }

  /// A step of the clock on the wall between report and answer changes nothing.
  @Test
  func theRoundTripIsSmoothedAndOldReportsAreForgotten() throws {
    var state = sender()
    var middles: [UInt32] = []
    for second in 0..<12 {
      state.sent(timestamp: 0, payloadLength: 1, at: milliseconds(second * 1000))
      let wallClock = NTPTimestamp(rawValue: UInt64(1000 + second * (second % 2 == 0 ? 1 : 77)) << 32)
      let report = try required(state.makeReport(at: milliseconds(second * 1000), wallClock: wallClock))
      middles.append(report.ntpTimestamp.middle)
    }
    state.received(block(lastSenderReport: middles[3]), at: milliseconds(11_100))
    #expect(state.roundTripTime == nil)
    state.received(block(lastSenderReport: middles[11]), at: milliseconds(11_080))
    #expect(state.roundTripTime == .milliseconds(80))
    state.received(block(lastSenderReport: middles[11]), at: milliseconds(11_160))
    #expect(state.roundTripTime == .milliseconds(90))
  }

  @Test
  func lossGoesUpFastAndDownSlowly() {
    var state = sender()
    state.received(block(lost: 128), at: milliseconds(0))
    #expect(state.lossFraction == 0.25)
    state.received(block(lost: 0), at: milliseconds(0))
    #expect(state.lossFraction == 0.1875)
    state.received(block(lost: 255, ssrc: 9), at: milliseconds(0))
    #expect(state.lossFraction == 0.1875)
  }

  @Test
  func theJumpAfterARestartIsNoLoss() {
    var state = SenderReportState(ssrc: 1, clockRate: 48000, resumed: true)
    state.received(block(lost: 250), at: milliseconds(0))
    #expect(state.lossFraction == 0)
    state.received(block(lost: 128), at: milliseconds(0))
    #expect(state.lossFraction == 0.25)
  }

  @Test
  func aReportBlockTellsWhatCameAndSinceWhen() throws {
    var state = ReceiverReportState(ssrc: 7, clockRate: 48000)
    #expect(state.makeReportBlock(at: milliseconds(0)) == nil)
    for number in [10, 11, 13] as [UInt16] {
      state.received(SequenceNumber(number), timestamp: UInt32(number) * 960, at: milliseconds(Int(number) * 20))
    }
    var block = try required(state.makeReportBlock(at: milliseconds(300)))
    #expect(block.ssrc == 7 && block.fractionLost == 64 && block.cumulativeLost == 1 && block.jitter == 0)
    #expect(block.extendedHighestSequenceNumber == 13)
    #expect(block.lastSenderReport == 0 && block.delaySinceLastSenderReport == 0)

    let report = SenderReport(
      ssrc: 7, ntpTimestamp: NTPTimestamp(rawValue: 0x1111_2222_3333_4444), rtpTimestamp: 0, packetCount: 0,
      octetCount: 0)
    state.received(report, at: milliseconds(1000))
    var other = report
    other.ssrc = 8
    other.ntpTimestamp = NTPTimestamp(rawValue: 1)
    state.received(other, at: milliseconds(1100))
    block = try required(state.makeReportBlock(at: milliseconds(1500)))
    #expect(block.lastSenderReport == 0x2222_3333 && block.delaySinceLastSenderReport == 32768)
    block = try required(state.makeReportBlock(at: Instant(nanoseconds: .max)))
    #expect(block.delaySinceLastSenderReport == .max)
  }

  @Test
  func reportsAreDueAtRandomIntervalsAroundTheMean() {
    var generator = SeededGenerator(seed: 8)
    var schedule = RTCPSchedule(at: milliseconds(0), using: &generator)
    #expect(schedule.nextDeadline >= milliseconds(250) && schedule.nextDeadline <= milliseconds(750))
    #expect(!schedule.isDue(at: milliseconds(249)))
    var now = schedule.nextDeadline
    var intervals: [Int] = []
    for _ in 0..<2000 {
      #expect(schedule.isDue(at: now))
      schedule.sent(at: now, using: &generator)
      intervals.append((schedule.nextDeadline - now).milliseconds)
      now = schedule.nextDeadline
    }
    #expect(intervals.allSatisfy { (500...1500).contains($0) })
    #expect(abs(intervals.reduce(0, +) / intervals.count - 1000) < 30)
    schedule.sent(at: now, using: &generator)
    schedule.hurry(at: now)
    #expect(schedule.isDue(at: now))
  }

  @Test
  func hostileReportsDoNotTrap() {
    var generator = SeededGenerator(seed: 10)
    var sender = SenderReportState(ssrc: 1, clockRate: .max)
    var receiver = ReceiverReportState(ssrc: 1, clockRate: .max)
    for _ in 0..<20_000 {
      let now = Instant(nanoseconds: .random(in: .min ... .max, using: &generator))
      sender.sent(timestamp: .random(in: .min ... .max, using: &generator), payloadLength: .max, at: now)
      let report = sender.makeReport(at: now, wallClock: NTPTimestamp(unixNanoseconds: now.nanoseconds))
      sender.received(
        block(
          lost: .random(in: .min ... .max, using: &generator), lastSenderReport: report?.ntpTimestamp.middle ?? 0,
          delay: .random(in: .min ... .max, using: &generator)),
        at: Instant(nanoseconds: .random(in: .min ... .max, using: &generator)))
      if let report { receiver.received(report, at: now) }
      receiver.received(1, timestamp: 0, at: now)
      _ = receiver.makeReportBlock(at: Instant(nanoseconds: .random(in: .min ... .max, using: &generator)))
    }
    #expect((0...1).contains(sender.lossFraction))
  }
}
