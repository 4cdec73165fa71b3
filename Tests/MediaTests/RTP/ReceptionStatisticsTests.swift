import Runtime
import Testing

@testable import Media

struct ReceptionStatisticsTests {
  private static let rate: UInt32 = 8000
  private var statistics = ReceptionStatistics(clockRate: rate)

  /// 20 ms packets, of which the one with number n is sent at n × 20 ms.
  private mutating func receive(
    _ number: Int, delay: Int = 50
  ) -> ReceptionStatistics.Arrival {
    statistics.received(
      SequenceNumber(UInt16(truncatingIfNeeded: number)), timestamp: UInt32(truncatingIfNeeded: number * 160),
      at: milliseconds(number * 20 + delay))
  }

  @Test
  mutating func lossIsWhatWasExpectedAndDidNotCome() {
    for number in 65530...65629 where number % 10 != 0 { _ = receive(number) }
    #expect(statistics.packetsExpected == 99)
    #expect(statistics.cumulativeLost == 9)
    #expect(statistics.extendedHighestSequenceNumber == 65629)
    #expect(statistics.takeFractionLost() == UInt8(9 * 256 / 99))
    // Of the next interval.
    for number in 65630...65639 { _ = receive(number) }
    #expect(statistics.takeFractionLost() == 0)
    #expect(statistics.takeFractionLost() == 0)
    for number in [65640, 65643] { _ = receive(number) }
    #expect(statistics.takeFractionLost() == 128)
  }

  @Test
  mutating func doubledAndLatePacketsCountAsReceived() {
    for number in [10, 11, 13, 12, 13, 13] { _ = receive(number) }
    #expect(statistics.packetsExpected == 4)
    #expect(statistics.cumulativeLost == -2)
    #expect(statistics.takeFractionLost() == 0)
  }

  /// RFC 3550, appendix A.8: J += (|D| − J) / 16.
  @Test
  mutating func jitterIsTheSmoothedDifferenceOfTransitTimes() {
    var expected = 0.0
    var generator = SeededGenerator(seed: 3)
    var before: Int?
    for number in 0..<2000 {
      let delay = Int.random(in: 20...60, using: &generator)
      _ = receive(number, delay: delay)
      if let before { expected += (Double(abs(delay - before) * 8) - expected) / 16 }
      before = delay
      #expect(abs(Double(statistics.jitter) - expected) < 2)
    }
    #expect(statistics.jitterDuration > .milliseconds(5))
  }

  @Test
  mutating func jitterIsZeroWhenPacketsComeAsTheyWereSent() {
    for number in 0..<100 { _ = receive(number) }
    #expect(statistics.jitter == 0)
    // A silence, after which the timestamps have gone on with the clock, is no jitter.
    _ = receive(100, delay: 50)
    _ = statistics.received(101, timestamp: 160 * 600, at: milliseconds(600 * 20 + 50))
    #expect(statistics.jitter == 0)
  }

  @Test
  mutating func aJumpIsBelievedWhenTheNextPacketFollowsOn() {
    for number in 0..<10 { _ = receive(number) }
    #expect(receive(20_000) == .jump)
    #expect(statistics.extendedHighestSequenceNumber == 9)
    #expect(receive(10) == .inOrder)
    #expect(receive(30_000) == .jump)
    #expect(receive(30_001) == .restart)
    #expect(statistics.packetsExpected == 1 && statistics.cumulativeLost == 0)
    #expect(receive(30_002) == .inOrder)
    #expect(receive(30_001) == .late)
    // Within the RFC's dropout a jump is loss.
    #expect(receive(33_001) == .inOrder)
    #expect(statistics.cumulativeLost > 2900)
  }

  @Test
  func hostileNumbersDoNotTrap() {
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<50 {
      var statistics = ReceptionStatistics(clockRate: .random(in: .min ... .max, using: &generator))
      for _ in 0..<2000 {
        statistics.received(
          SequenceNumber(.random(in: .min ... .max, using: &generator)),
          timestamp: .random(in: .min ... .max, using: &generator),
          at: Instant(nanoseconds: .random(in: .min ... .max, using: &generator)))
        _ = (statistics.takeFractionLost(), statistics.cumulativeLost, statistics.jitter, statistics.jitterDuration)
      }
    }
  }
}
