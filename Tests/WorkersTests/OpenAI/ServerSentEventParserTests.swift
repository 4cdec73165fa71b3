import NIOCore
import Testing
import Workers

@Suite struct ServerSentEventParserTests {
  private func read(_ bytes: [UInt8], pieces: [Int] = []) throws -> [String] {
    var parser = ServerSentEventParser(worker: "w")
    var events: [String] = []
    var position = 0
    for length in pieces + [bytes.count] {
      let end = min(bytes.count, position + length)
      events += try parser.read(ByteBuffer(bytes: bytes[position..<end]))
      position = end
    }
    return events
  }

  @Test(arguments: ["\n", "\r", "\r\n"])
  func linesEndInAnyOfThreeWays(_ end: String) throws {
    let lines = [": comment", "event: x", "data: one", "", "data:two", "data:  three", "id: 1", "", "", "data", ""]
    let bytes = Array(lines.map { $0 + end }.joined().utf8)
    let expected = ["one", "two\n three", ""]
    #expect(try read(bytes) == expected)
    #expect(try read(bytes, pieces: [Int](repeating: 1, count: bytes.count)) == expected)
  }

  @Test func skipsAByteOrderMarkAndLookalikes() throws {
    #expect(try read([0xEF, 0xBB, 0xBF] + Array("data: x\ndatabase: y\n\n".utf8)) == ["x"])
  }

  @Test func anEventWithoutItsEmptyLineIsNotYetOne() throws {
    #expect(try read(Array("data: x\n".utf8)) == [])
  }

  @Test func refusesWhatHasNoEnd() {
    let long = [UInt8](repeating: UInt8(ascii: "x"), count: ServerSentEventParser.maximumLength)
    #expect(throws: WorkerError.self) { try read(Array("data:".utf8) + long) }
    let lines = Array("data:".utf8) + long.prefix(long.count * 2 / 3) + Array("\n".utf8)
    #expect(throws: WorkerError.self) { try read(lines + lines) }
  }

  @Test func cutsAndNoiseDoNotMatter() throws {
    var random = Seeded(state: 3)
    let alphabet = Array("data: x\r\n\n\n:\u{FEFF}é".utf8)
    for _ in 0..<3000 {
      let bytes = (0..<Int.random(in: 0...120, using: &random)).map { _ in
        alphabet.randomElement(using: &random) ?? 0
      }
      let pieces = (0..<8).map { _ in Int.random(in: 0...30, using: &random) }
      #expect(try read(bytes, pieces: pieces) == read(bytes))
    }
  }
}
