import Testing

@testable import Audio

@Suite("Arrival delays")
struct ArrivalDelaysTests {
  @Test("the delay that 97 % stay below is known within 10 ms")
  func quantile() {
    var delays = ArrivalDelays(initialDelay: 2880)
    var generator = SeededGenerator(seed: 1)
    for index in 0..<2000 {
      let transit = Int64.random(in: 0..<4800, using: &generator) + 1_000_000
      delays.packetArrived(transit: transit, at: Int64(index) * 960)
    }
    #expect((90 * 48...100 * 48).contains(delays.quantileDelay))
    #expect((70 * 48...90 * 48).contains(delays.usualDelay))
  }

  @Test("a way that has become longer is the new way after 2 s")
  func newWay() {
    var delays = ArrivalDelays(initialDelay: 2880)
    for index in 0..<500 { delays.packetArrived(transit: 100, at: Int64(index) * 960) }
    for index in 500..<610 { delays.packetArrived(transit: 10_000, at: Int64(index) * 960) }
    #expect(delays.base == 10_000)
  }

  @Test("after a pause of any length the lowest transit is that of now")
  func pause() {
    var delays = ArrivalDelays(initialDelay: 2880)
    delays.packetArrived(transit: 100, at: 0)
    delays.packetArrived(transit: 5000, at: 48_000 * 3600)
    #expect(delays.base == 5000)
  }
}
