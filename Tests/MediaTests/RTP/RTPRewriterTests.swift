import Runtime
import Testing

@testable import Media

struct RTPRewriterTests {
  private var rewriter = RTPRewriter(firstSequenceNumber: 1000, firstTimestamp: 5000, clockRate: 48000)

  private mutating func send(
    _ source: UInt32, _ number: UInt16, _ timestamp: UInt32, at time: Int, marker: Bool = false
  ) -> RTPRewriter.Output? {
    rewriter.rewrite(
      source: source, SequenceNumber(number), timestamp: timestamp, marker: marker, at: milliseconds(time))
  }

  private func output(_ number: UInt16, _ timestamp: UInt32, marker: Bool = false) -> RTPRewriter.Output {
    RTPRewriter.Output(sequenceNumber: SequenceNumber(number), timestamp: timestamp, marker: marker)
  }

  @Test
  mutating func oneSourceIsShiftedAndItsGapsAndMarkersAreKept() {
    #expect(send(1, 65534, 4_294_967_000, at: 0) == output(1000, 5000, marker: true))
    #expect(send(1, 65535, 664, at: 20) == output(1001, 5960))
    #expect(send(1, 2, 3544, at: 80) == output(1004, 8840))
    #expect(send(1, 0, 1624, at: 85) == output(1002, 6920))
    #expect(send(1, 3, 4504, at: 100, marker: true) == output(1005, 9800, marker: true))
  }

  @Test
  mutating func aSilenceOfTheSourceStaysASilence() {
    _ = send(1, 10, 0, at: 0)
    // 3 s without packets, as DTX has it: the next number, and the timestamp has gone on.
    #expect(send(1, 11, 144_000, at: 3000, marker: true) == output(1001, 149_000, marker: true))
  }

  @Test
  mutating func anotherSourceGoesOnWithTheNextNumberAndTheClockOnTheWall() {
    _ = send(1, 10, 0, at: 0)
    _ = send(1, 11, 960, at: 20)
    #expect(send(2, 40_000, 77, at: 120) == output(1002, 5960 + 4800, marker: true))
    #expect(send(2, 40_001, 77 + 960, at: 140) == output(1003, 5960 + 5760))
    // Both at the same moment: still a packet's worth apart.
    #expect(send(1, 12, 1920, at: 140) == output(1004, 5960 + 6720, marker: true))
    // What the first source sent before the switch and comes late would be in the way.
    #expect(send(1, 11, 960, at: 141) == nil)
  }

  @Test
  mutating func doubledPacketsGoOutOnce() {
    _ = send(1, 10, 0, at: 0)
    #expect(send(1, 10, 0, at: 1) == nil)
  }

  @Test
  mutating func whatIsOmittedLeavesNoGapAndWhatWasLostBeforeItDoes() {
    _ = send(1, 10, 0, at: 0)
    rewriter.omit(source: 1, 11, timestamp: 960, at: milliseconds(20))
    #expect(send(1, 12, 1920, at: 40) == output(1001, 6920))
    // 13 is lost.
    rewriter.omit(source: 1, 14, timestamp: 3840, at: milliseconds(80))
    #expect(rewriter.upcomingSequenceNumber == 1003)
    #expect(send(1, 15, 4800, at: 100) == output(1003, 9800))
    // Its place in the new count was another's.
    #expect(send(1, 13, 2880, at: 101) == nil)
    rewriter.omit(source: 2, 16, timestamp: 0, at: milliseconds(120))
    rewriter.omit(source: 1, 15, timestamp: 0, at: milliseconds(120))
    #expect(send(1, 16, 5760, at: 120) == output(1004, 10_760))
  }

  @Test
  mutating func aLongMuteByOmittingKeepsTheTimestampsInStep() {
    _ = send(1, 10, 0, at: 0)
    for step in 1...1000 {
      rewriter.omit(
        source: 1, SequenceNumber(UInt16(10 + step)), timestamp: UInt32(960 * step), at: milliseconds(20 * step))
    }
    #expect(send(1, 1011, 960 * 1001, at: 20_020) == output(1001, 5000 + 960 * 1001))
  }

  @Test
  mutating func afterAPauseTheNumbersGoOn() {
    _ = send(1, 10, 0, at: 0)
    rewriter.pause()
    #expect(send(1, 5000, 9, at: 10_000) == output(1001, 485_000, marker: true))
  }

  /// Or one participant could make another's receiver lose count of the rounds.
  @Test
  mutating func aSourceThatJumpsIsTreatedAsANewOne() {
    _ = send(1, 10, 0, at: 0)
    #expect(send(1, 20_000, 960, at: 20) == output(1001, 5960, marker: true))
    // Its timestamps leap.
    #expect(send(1, 20_001, 48_000 * 60, at: 40) == output(1002, 6920, marker: true))
    #expect(send(1, 20_002, 48_000 * 30, at: 60) == output(1003, 7880, marker: true))
    // A single old one is dropped, the source's new beginning is not.
    #expect(send(1, 100, 0, at: 80) == nil)
    #expect(send(1, 20_003, 48_000 * 30 + 960, at: 80) == output(1004, 8840))
    #expect(send(1, 100, 0, at: 100) == nil)
    #expect(send(1, 101, 960, at: 120) == output(1005, 10_760, marker: true))
  }

  @Test
  func noNumberIsUsedForTwoPackets() {
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<200 {
      var rewriter = RTPRewriter(
        firstSequenceNumber: SequenceNumber(.random(in: .min ... .max, using: &generator)), firstTimestamp: 0,
        clockRate: 48000)
      // Of each source the packets' numbers, at first in order.
      var numbers: [UInt32: Int] = [1: 65_000, 2: 100]
      var seen: [UInt16: (source: UInt32, number: Int)] = [:]
      var time = 0
      var source: UInt32 = 1
      for _ in 0..<400 {
        time += 20
        if Int.random(in: 0..<20, using: &generator) == 0 { source = 3 - source }
        numbers[source, default: 0] += Int.random(in: 0..<10, using: &generator) == 0 ? 3 : 1
        let newest = numbers[source] ?? 0
        let number =
          newest - (Int.random(in: 0..<10, using: &generator) == 0 ? Int.random(in: 0..<8, using: &generator) : 0)
        let sequenceNumber = SequenceNumber(UInt16(truncatingIfNeeded: number))
        let timestamp = UInt32(truncatingIfNeeded: number * 960)
        if Int.random(in: 0..<8, using: &generator) == 0 {
          rewriter.omit(source: source, sequenceNumber, timestamp: timestamp, at: milliseconds(time))
          continue
        }
        guard
          let output = rewriter.rewrite(
            source: source, sequenceNumber, timestamp: timestamp, marker: false, at: milliseconds(time))
        else { continue }
        if let before = seen[output.sequenceNumber.rawValue] {
          // A packet that comes twice may go out twice: the sender's replay check stops it.
          #expect(before == (source, number))
        }
        seen[output.sequenceNumber.rawValue] = (source, number)
      }
      #expect(seen.count > 200)
    }
  }

  @Test
  func hostileSourcesDoNotTrapAndCannotUseUpNumbers() {
    var generator = SeededGenerator(seed: 6)
    var rewriter = RTPRewriter(firstSequenceNumber: 0, firstTimestamp: 0, clockRate: 0)
    var last: SequenceNumber = 65535
    for _ in 0..<50_000 {
      let output = rewriter.rewrite(
        source: .random(in: 0...2, using: &generator), SequenceNumber(.random(in: .min ... .max, using: &generator)),
        timestamp: .random(in: .min ... .max, using: &generator), marker: false,
        at: Instant(nanoseconds: .random(in: .min ... .max, using: &generator)))
      guard let output, output.sequenceNumber.isNewer(than: last) else { continue }
      #expect(last.distance(to: output.sequenceNumber) <= RTPRewriter.largestGap)
      last = output.sequenceNumber
    }
  }
}
