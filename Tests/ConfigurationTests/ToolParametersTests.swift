import Foundation
import Testing
import VivaConfiguration

@Suite struct ToolParametersTests {
  let folder = ConfigurationFolder()

  private func write(_ value: String) {
    folder.write(
      "agents/assistant.yaml",
      "tools:\n  - name: a\n    url: https://h\n    parameters: { type: object, x: \(value) }\n")
  }

  /// The JSON of `value` in a schema.
  private func json(_ value: String) throws -> String? {
    write(value)
    let json = try folder.load("").agents["assistant"]?.tools.first?.parameters
    return json.map { String($0.dropFirst(#"{"type":"object","x":"#.count).dropLast()) }
  }

  @Test(
    "plain scalars have the types of YAML's core schema, quoted ones are text",
    arguments: [
      ("null", "null"), ("~", "null"), ("", "null"), ("NULL", "null"), ("'null'", #""null""#), ("nUll", #""nUll""#),
      ("true", "true"), ("False", "false"), ("TRUE", "true"), ("yes", #""yes""#), ("\"true\"", #""true""#),
      ("0", "0"), ("-19", "-19"), ("+7", "7"), ("007", "7"), ("0o17", "15"), ("0xFf", "255"), ("'1'", #""1""#),
      ("0b1", #""0b1""#), ("1_000", #""1_000""#), ("--1", #""--1""#), ("0x", #""0x""#),
      ("1.5", "1.5"), ("-.5", "-0.5"), ("1.", "1.0"), ("1e3", "1000.0"), ("1.e3", "1000.0"), ("12e-1", "1.2"),
      ("123456789012345678901", "1.2345678901234568e+20"), (".", #"".""#), ("1e", #""1e""#), ("1.2.3", #""1.2.3""#),
      ("2025-12-31", #""2025-12-31""#), ("a/b", #""a/b""#), ("'^${X}$'", #""^${X}$""#),
      (#""\"\\\n\u00e9""#, #""\"\\\né""#),
      ("[]", "[]"), ("{}", "{}"), ("[1, [true, a], {b: ~}]", #"[1,[true,"a"],{"b":null}]"#),
      ("{z: 1, 2: x, null: y}", #"{"z":1,"2":"x","null":"y"}"#),
    ])
  func convertsScalars(yaml: String, expected: String) throws {
    #expect(try json(yaml) == expected)
  }

  @Test("block text is text")
  func convertsBlockText() throws {
    folder.write(
      "agents/assistant.yaml",
      """
      tools:
        - name: a
          url: https://h
          parameters:
            description: |
              12
            type: "object"
            required:
              - day
      """)
    #expect(
      try folder.load("").agents["assistant"]?.tools.first?.parameters
        == #"{"description":"12\n","type":"object","required":["day"]}"#)
  }

  @Test(
    "numbers that JSON does not have are refused",
    arguments: [".inf", "-.INF", ".nan", "1e999", "0xFFFFFFFFFFFFFFFFFF"])
  func refusesNumbersThatJSONLacks(yaml: String) {
    write("[0, \(yaml)]")
    #expect(
      folder.problems("") == [
        "agents/assistant.yaml:4: tools[0].parameters.x[1]: \(yaml) is a number that JSON does not have"
      ])
  }

  @Test("keys must be words, and depth has a bound")
  func refusesWhatJSONCannotSay() {
    write("{ ? [a] : b }")
    #expect(folder.problems("") == ["agents/assistant.yaml:4: tools[0].parameters.x: a key must be a word"])
    write(String(repeating: "[", count: 40) + String(repeating: "]", count: 40))
    #expect(folder.problems("").count == 1)
    #expect(folder.problems("").first?.hasSuffix("is nested more than 32 levels deep") == true)
  }

  @Test("whatever the scalar, what comes out is JSON", arguments: 0..<UInt64(4))
  func alwaysMakesJSON(seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    let characters = Array("0123456789+-.eExo_infNaN~ty\\\" é\u{7F}\u{2028}")
    for _ in 0..<100 {
      let text = String(
        (0..<Int.random(in: 0...6, using: &random)).map { _ in characters.randomElement(using: &random)! })
      write("\n      \(text)\n    ")
      // Not every text is YAML, nor every number JSON.
      guard let settings = try? folder.load(""), let json = settings.agents["assistant"]?.tools.first?.parameters else {
        continue
      }
      #expect((try? JSONSerialization.jsonObject(with: Data(json.utf8))) != nil, "\(text) became \(json)")
    }
  }
}
