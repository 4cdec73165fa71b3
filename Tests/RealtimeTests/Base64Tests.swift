import Foundation
import Testing

@testable import Realtime

@Suite struct Base64Tests {
  @Test func agreesWithFoundation() {
    var generator = SeededGenerator(seed: 1)
    for count in 0..<200 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let text = Data(bytes).base64EncodedString()
      #expect(Base64.encode(bytes) == text)
      #expect(Base64.decode(text) == bytes)
    }
  }

  @Test(arguments: [
    "A", "AA", "AAA", "AAAA=", "====", "A===", "AA=A", "=AAA", "AA A", "AAA\n", "AA-_", "AAAÄ", "AA==AAAA",
  ])
  func refusesWhatIsNot(text: String) {
    #expect(Base64.decode(text) == nil)
  }
}

@Suite struct RealtimeIDTests {
  @Test func idsNameTheirKindAndRepeatWithTheSeed() {
    var first = SeededGenerator(seed: 7)
    var second = SeededGenerator(seed: 7)
    let id = RealtimeID.make("item", using: &first)
    #expect(id.hasPrefix("item_") && id.utf8.count == 29)
    #expect(id == RealtimeID.make("item", using: &second))
    #expect(id != RealtimeID.make("item", using: &first))
    #expect(Set((0..<1000).map { _ in RealtimeID.make("event") }).count == 1000)
  }
}
