import Testing

@testable import VivaTesting

@Suite("The cost of forwarding")
struct ForwardingCostTests {
  @Test("is what listeners add, for each packet that was sent to them")
  func each() throws {
    let cost = try #require(
      ForwardingCost(
        packets: 49_000, lost: 1000, seconds: 10, cpuMillisecondsPerSecond: 60, cpuMillisecondsPerSecondBefore: 10))
    #expect(cost.packetsPerSecond == 5000)
    #expect(abs(cost.microsecondsPerPacket - 10) < 1e-9)
  }

  @Test("is unknown where nothing was sent")
  func nothing() {
    #expect(
      ForwardingCost(
        packets: 0, lost: 0, seconds: 10, cpuMillisecondsPerSecond: 60, cpuMillisecondsPerSecondBefore: 10) == nil)
  }
}
