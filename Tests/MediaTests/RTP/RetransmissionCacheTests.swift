import Runtime
import Testing

@testable import Media

struct RetransmissionCacheTests {
  private func copy(
    _ cache: inout RetransmissionCache, _ number: UInt16, at time: Int, interval: Int = 50, room: Int = 1500
  ) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: room)
    var span = buffer.mutableSpan
    var bytes = span.mutableBytes
    let length = cache.copy(
      SequenceNumber(number), to: &bytes, at: milliseconds(time), interval: .milliseconds(interval))
    return length.map { Array(buffer.prefix($0)) }
  }

  private func packet(_ number: UInt16, _ length: Int) -> [UInt8] {
    (0..<length).map { UInt8(truncatingIfNeeded: Int(number) &* 31 &+ $0) }
  }

  private func store(_ cache: inout RetransmissionCache, _ number: UInt16, _ packet: [UInt8], at time: Int) {
    cache.store(packet.span.bytes, SequenceNumber(number), at: milliseconds(time))
  }

  @Test
  func thePacketIsGivenBackByteForByte() {
    var cache = RetransmissionCache()
    store(&cache, 65535, packet(1, 100), at: 0)
    store(&cache, 0, packet(2, 77), at: 20)
    #expect(copy(&cache, 65535, at: 40) == packet(1, 100))
    #expect(copy(&cache, 0, at: 40) == packet(2, 77))
    #expect(copy(&cache, 1, at: 40) == nil)
  }

  @Test
  func itIsNotSentTwiceWithinARoundTripNorWhenItIsOld() {
    var cache = RetransmissionCache(usefulAge: .milliseconds(500))
    store(&cache, 7, packet(7, 90), at: 0)
    #expect(copy(&cache, 7, at: 10) != nil)
    #expect(copy(&cache, 7, at: 59) == nil)
    #expect(copy(&cache, 7, at: 60) != nil)
    #expect(copy(&cache, 7, at: 501) == nil)
  }

  @Test
  func whatWasOverwrittenIsGoneAndWhatWasNotIsWhole() {
    var generator = SeededGenerator(seed: 2)
    var cache = RetransmissionCache(byteCapacity: 2000, usefulAge: .seconds(1000))
    var stored: [UInt16: [UInt8]] = [:]
    for number in 0..<5000 as Range<UInt16> {
      let bytes = packet(number, Int.random(in: 1...400, using: &generator))
      store(&cache, number, bytes, at: Int(number))
      stored[number] = bytes
      var found = 0
      for back in 0..<150 as Range<UInt16> where back <= number {
        guard let bytes = copy(&cache, number - back, at: Int(number), interval: 0) else { continue }
        #expect(bytes == stored[number - back])
        found += 1
      }
      #expect((1...128).contains(found))
    }
  }

  @Test
  func oddSizesAreSafe() {
    var cache = RetransmissionCache(byteCapacity: 100)
    store(&cache, 1, packet(1, 101), at: 0)
    store(&cache, 2, [], at: 0)
    #expect(copy(&cache, 1, at: 1) == nil && copy(&cache, 2, at: 1) == nil)
    store(&cache, 3, packet(3, 100), at: 0)
    #expect(copy(&cache, 3, at: 1, room: 99) == nil)
    #expect(copy(&cache, 3, at: 1, room: 100) == packet(3, 100))
    cache.removeAll()
    #expect(copy(&cache, 3, at: 100) == nil)
    var none = RetransmissionCache(byteCapacity: 0)
    store(&none, 1, packet(1, 2), at: 0)
    #expect(copy(&none, 1, at: 1) == nil)
  }
}
