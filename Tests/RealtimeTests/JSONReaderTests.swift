import Testing

@testable import Realtime

@Suite struct JSONReaderTests {
  @Test(arguments: [
    (" [true,false,null,{ }] ", JSONValue.array([.bool(true), .bool(false), .null, .object([:])])),
    ("[-0,9223372036854775807,-9223372036854775808]", .array([.integer(0), .integer(.max), .integer(.min)])),
    ("[1.0,1e3,2E+1,-2.5,1e-2]", .array([.integer(1), .integer(1000), .integer(20), .number(-2.5), .number(0.01)])),
    ("9223372036854775808", .number(9_223_372_036_854_775_808)),
    (#""é\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t""#, .string("éé\u{1F600}\"\\/\u{8}\u{C}\n\r\t")),
    (#"{"a":{"a":[]},"b":1,"a":2}"#, .object(["a": .object(["a": .array([])]), "b": .integer(1)])),
    ("\u{FEFF}7", .integer(7)),
  ])
  func readsJSON(text: String, value: JSONValue) {
    #expect(JSONReader.read(Array(text.utf8)) == value)
  }

  @Test(arguments: [
    "", " ", "[", "[1", "[1,]", "[,1]", "[1 2]", "{", "{1:2}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, "tru", "nulll",
    "1 2", "01", "-", "1.", ".5", "1e", "+1", "0x1", "1e999", "-1e999", "NaN", #"""#, #""a"#, "\"\n\"", "\"\u{0}\"",
    #""\x""#, #""\u12"#, #""\u12g4""#, #""\ud800""#, #""\ud800x""#, #""\ud800\u0041""#, #""\udc00""#, #""\"#, "[}",
    "{]",
  ])
  func refusesWhatIsNoJSON(text: String) {
    #expect(JSONReader.read(Array(text.utf8)) == nil)
  }

  @Test(arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] as [[UInt8]])
  func refusesStringsThatAreNoUnicode(bytes: [UInt8]) {
    let quote = UInt8(ascii: "\"")
    #expect(JSONReader.read([quote] + bytes + [quote]) == nil)
    #expect(JSONReader.read([quote] + Array(#"\n"#.utf8) + bytes + [quote]) == nil)
  }

  @Test func everyCutIsRefused() {
    let text = Array(#"{"a":[1,-2.5e+3,"\ud83d\ude00é",true,null],"b":{"c":""}}"#.utf8)
    #expect(JSONReader.read(text) != nil)
    for end in text.indices { #expect(JSONReader.read(Array(text[..<end])) == nil) }
  }

  @Test func aSchemaComesThroughAsItIs() throws {
    let schema = #"{"enum":["a","é"],"maximum":1.5,"minimum":-3,"nullable":true,"x":[{},null]}"#
    for place in [#""tools":[{"name":"f"},{"name":"g","parameters":SCHEMA}]"#, #""tracing":SCHEMA"#] {
      let json = #"{"type":"session.update","session":{PLACE}}"#.replacing("PLACE", with: place)
      guard case .sessionUpdate(let patch) = try decode(json.replacing("SCHEMA", with: schema)).body else {
        Issue.record("no update")
        return
      }
      #expect((patch.tools?.last?.parametersJSON ?? patch.tracing.value?.text) == schema)
    }
  }

  @Test func aSchemaThatCannotBeReadIsRefusedByItsPlace() {
    for value in [#"{"a":1e999}"#, #"{"a":"\ud800"}"#, #"{"a":[1,]}"#] {
      let error = refusal(#"{"type":"session.update","session":{"tools":[{"name":"f","parameters":\#(value)}]}}"#)
      #expect(error?.code == "invalid_value" && error?.param == "session.tools[0].parameters")
    }
  }
}

/// Messages that cost far more to read than to write: found by fuzzing, and refused before they are read. If they were
/// not, each of these would take minutes.
@Suite struct CostlyMessageTests {
  private static let values = Array(repeating: "1.5", count: 500_000).joined(separator: ",")

  @Test(arguments: [
    #"{"type":"session.update","session":{"tools":[{"name":"f","parameters":{"a":[VALUES]}}]}}"#,
    #"{"type":"session.update","session":{"tracing":[VALUES]}}"#, #"{"type":"response.create","x":[VALUES]}"#,
  ])
  func aMessageOfTooManyValuesIsRefused(json: String) {
    let error = refusal(json.replacing("VALUES", with: Self.values))
    #expect(error?.code == "invalid_json" && error?.message.contains("100000 values") == true)
  }

  @Test func manyValuesBelowTheLimitAreRead() throws {
    let values = Array(repeating: "1.5", count: 15_000).joined(separator: ",")
    let deep = String(repeating: #"{"a":"#, count: 58) + "[\(values)]" + String(repeating: "}", count: 58)
    let json = #"{"type":"session.update","session":{"tools":[{"name":"f","parameters":\#(deep)}]}}"#
    guard case .sessionUpdate(let patch) = try decode(json).body else {
      Issue.record("no update")
      return
    }
    #expect(patch.tools?.first?.parametersJSON == deep)
  }

  @Test func aListIsCountedBeforeItIsRead() {
    // What it holds is wrong, too.
    let error = refusal(#"{"type":"session.update","session":{"tools":[\#(Self.values.prefix(200_000).dropLast())]}}"#)
    #expect(error?.param == "session.tools" && error?.message.contains("at most 128") == true)
  }

  @Test(arguments: [
    #"{"type":"response.audioTEXT"}"#, #"{"type":"TEXT"}"#,
    #"{"type":"response.create","response":{"conversation":"TEXT"}}"#,
    #"{"type":"session.update","session":{"tools":[{"name":"f","parameters":{"TEXT":1e999}}]}}"#,
    #"{"type":"response.create","response":{"metadata":{"TEXT":1}}}"#,
    #"{"type":"session.update","session":{"output_modalities":["TEXT"]}}"#,
    #"{"type":"conversation.item.create","item":{"type":"TEXT"}}"#,
  ])
  func noErrorRepeatsAllThatItWasGiven(json: String) {
    // One character of a megabyte, and a million of them.
    for text in ["a" + String(repeating: "\u{301}", count: 500_000), String(repeating: "x", count: 1_000_000)] {
      let error = refusal(json.replacing("TEXT", with: text))
      #expect(error != nil && error?.message.isEmpty == false)
      if let error { #expect(ServerEvent.error(error).encoded(eventID: "e").count < 5000) }
    }
  }
}
