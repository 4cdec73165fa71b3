import NIOCore
import Testing
import Workers

@Suite struct WyomingParserTests {
  private func parse(_ bytes: [UInt8], pieces: [Int] = []) throws -> [WyomingEvent] {
    var parser = WyomingParser(worker: "w")
    var events: [WyomingEvent] = []
    var position = 0
    for length in pieces + [bytes.count] {
      let end = min(bytes.count, position + length)
      parser.append(ByteBuffer(bytes: bytes[position..<end]))
      position = end
      while let event = try parser.next() { events.append(event) }
    }
    return events
  }

  private func parse(_ text: String) throws -> [WyomingEvent] { try parse(Array(text.utf8)) }

  private struct Text: Decodable, Equatable {
    var text: String
    var rate: Int?
  }

  @Test func readsWhatThePythonPackageWrites() throws {
    let wire =
      #"{"type":"audio-chunk","version":"1.10.2","data_length":60,"payload_length":4}"# + "\n"
      + #"{"rate": 16000, "width": 2, "channels": 1, "timestamp": null}"#.prefix(60) + "abcd"
      + #"{"type": "describe", "version": "1.10.2"}"# + "\n"
    // The data block above is one byte short of whole JSON on purpose: only its length frames it.
    let events = try parse(wire)
    #expect(events.map(\.type) == ["audio-chunk", "describe"])
    #expect(events.first?.payload == ByteBuffer(string: "abcd"))
    #expect(events.first?.data.readableBytes == 60)
  }

  @Test func mergesTheBlockOverInlineData() throws {
    let block = #"{"text": "two"}"#
    let events = try parse(
      #"{"type":"transcript","data":{"text":"one","rate":7},"data_length":\#(block.utf8.count)}"# + "\n" + block)
    #expect(try events.first?.decode(Text.self) == Text(text: "two", rate: 7))
  }

  @Test func readsInlineDataAlone() throws {
    let events = try parse(#"{"type":"transcript","data":{"text":"hé"},"data_length":null}"# + "\n")
    #expect(try events.first?.decode(Text.self) == Text(text: "hé"))
  }

  @Test func whatIsWrittenIsReadBackHoweverItIsCut() throws {
    var random = Seeded(state: 1)
    let written = (0..<40).map { index in
      var event = index % 3 == 0 ? WyomingEvent("describe") : WyomingEvent("x", ["text": .string("line\n\(index)")])
      event.payload = ByteBuffer(bytes: (0..<Int.random(in: 0...50, using: &random)).map { UInt8($0 % 11) })
      return event
    }
    var wire = ByteBuffer()
    for event in written { event.write(into: &wire) }
    let bytes = Array(wire.readableBytesView)
    #expect(try parse(bytes, pieces: [Int](repeating: 1, count: bytes.count)) == written)
    for _ in 0..<100 {
      let pieces = (0..<60).map { _ in Int.random(in: 0...90, using: &random) }
      #expect(try parse(bytes, pieces: pieces) == written)
    }
  }

  @Test(arguments: [
    "\n", "not json\n", "[1]\n", "{}\n", #"{"type":7}"# + "\n", #"{"type":"x","data":[1]}"# + "\n",
    #"{"type":"x","data_length":-1}"# + "\n", #"{"type":"x","payload_length":1048577}"# + "\n",
    #"{"type":"x","data_length":262145}"# + "\n", #"{"type":"x","data_length":1.5}"# + "\n",
    #"{"type":"x","data_length":"1"}"# + "\n", #"{"type":"x","data":"a"}"# + "\n",
    #"{"type":"x","data_length":9223372036854775807}"# + "\n", #"{"type":"x","data_length":1e99}"# + "\n",
    #"{"type":"x","data":{"a":1},"data_length":2}"# + "\n[]",
  ])
  func refusesWhatIsNoEvent(_ wire: String) {
    #expect { try parse(wire) } throws: { ($0 as? WorkerError)?.kind == .malformed }
  }

  @Test func refusesAnEndlessHeader() {
    let line = [UInt8](repeating: UInt8(ascii: " "), count: WyomingParser.maximumHeader + 1)
    #expect(throws: WorkerError.self) { try parse(line) }
    #expect(throws: WorkerError.self) { try parse(line + Array("\n".utf8)) }
  }

  @Test func hostileBytesNeverDoMoreThanFail() throws {
    let seedEvents = [
      WyomingEvent("transcript", ["text": "hello", "confidence": .number(0.5)]),
      WyomingEvent("audio-chunk", data: ByteBuffer(string: "{}"), payload: ByteBuffer(repeating: 7, count: 40)),
    ]
    var wire = ByteBuffer()
    for event in seedEvents { event.write(into: &wire) }
    wire.writeString(#"{"type":"a","data":{"b":[1,{"c":null}]},"data_length":2}"# + "\n{}")
    let good = Array(wire.readableBytesView)
    var random = Seeded(state: 2)
    var failures = 0
    for _ in 0..<2000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let position = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[position] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: position)
        case 2: bytes.insert(UInt8.random(in: 0x20...0x7E, using: &random), at: position)
        default: bytes[position] = "0123456789-eE.{}[]\"\n".utf8.randomElement(using: &random) ?? 0
        }
      }
      do {
        for event in try parse(bytes, pieces: [bytes.count / 3]) {
          #expect(event.payload.readableBytes <= WyomingParser.maximumPayload)
          _ = try? event.decode(Text.self)
        }
      } catch {
        #expect((error as? WorkerError)?.kind == .malformed)
        failures += 1
      }
    }
    #expect(failures > 500)
  }
}
