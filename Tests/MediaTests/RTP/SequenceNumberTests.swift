import Testing

@testable import Media

struct SequenceNumberTests {
  @Test
  func distancesGoTheShorterWayRound() {
    #expect(SequenceNumber(65535).distance(to: 0) == 1)
    #expect(SequenceNumber(0).distance(to: 65535) == -1)
    #expect(SequenceNumber(10).distance(to: 32777) == 32767)
    #expect(SequenceNumber(10).distance(to: 32778) == -32768)
    #expect(SequenceNumber(2).isNewer(than: 65000) && !SequenceNumber(65000).isNewer(than: 2))
    #expect(!SequenceNumber(5).isNewer(than: 5))
    #expect(SequenceNumber(65535).next == 0 && SequenceNumber(3).advanced(by: -5) == 65534)
  }

  @Test
  func anIndexIsFollowedOverManyRounds() throws {
    var generator = SeededGenerator(seed: 5)
    var index = PacketIndex.random(using: &generator)
    #expect(index.rawValue < 0x8000)
    for _ in 0..<20_000 {
      let next = try #require(
        PacketIndex(rawValue: index.rawValue + UInt64.random(in: 1...0x7fff, using: &generator)))
      #expect(index.nearest(next.sequenceNumber) == next)
      // A late one.
      let late = try #require(
        PacketIndex(rawValue: next.rawValue - UInt64.random(in: 0..<min(next.rawValue, 0x7fff), using: &generator)))
      if next.rawValue > 0x8000 { #expect(next.nearest(late.sequenceNumber) == late) }
      index = next
    }
    #expect(index.rolloverCounter > 4000)
  }

  @Test
  func thereIsNoRoundBeforeTheFirstNorAfterTheLast() throws {
    #expect(PacketIndex(3).nearest(65535) == PacketIndex(65535))
    #expect(PacketIndex(0x8000).nearest(65535) == PacketIndex(65535))
    #expect(PacketIndex(rawValue: 1 << 48) == nil)
    let last = try #require(PacketIndex(rawValue: 1 << 48 - 1))
    #expect(last.rolloverCounter == .max && last.sequenceNumber == 65535)
    #expect(last.nearest(0) == nil)
    #expect(last.nearest(65530)?.rawValue == last.rawValue - 5)
  }

  /// Half way round the RFC's guess keeps the round.
  @Test
  func halfWayRoundTheRoundIsKept() {
    #expect(
      PacketIndex(rolloverCounter: 3, 5).nearest(0x8005) == PacketIndex(rolloverCounter: 3, 0x8005))
    #expect(
      PacketIndex(rolloverCounter: 3, 0x8005).nearest(5) == PacketIndex(rolloverCounter: 3, 5))
    #expect(
      PacketIndex(rolloverCounter: 3, 0x8006).nearest(5) == PacketIndex(rolloverCounter: 4, 5))
    #expect(
      PacketIndex(rolloverCounter: 3, 5).nearest(0x8006) == PacketIndex(rolloverCounter: 2, 0x8006))
  }
}
