import Testing

@testable import Sessions

@Suite("Whatever the client and the workers do")
struct RandomConversationTests {
  @Test(
    "the order of events holds, no response hangs, no audio runs ahead, the log is the state",
    arguments: 1...12 as ClosedRange<UInt64>, [ClientLeg.socket, .media])
  func invariants(seed: UInt64, leg: ClientLeg) {
    let random = RandomConversation(seed: seed, leg: leg)
    for _ in 0..<6 {
      for _ in 0..<150 where random.breaches.isEmpty { random.step() }
      guard random.breaches.isEmpty else { break }
      random.settle()
    }
    #expect(random.breaches.prefix(3) == [])
  }
}
