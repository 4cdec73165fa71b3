import Testing
import VivaConfiguration

@Suite struct ToolTests {
  let folder = ConfigurationFolder()

  private func tools(_ yaml: String, _ environment: [String: String] = [:]) throws -> [HTTPTool] {
    folder.write("agents/assistant.yaml", "tools:\n\(yaml)")
    return try folder.load("", environment: environment).agents["assistant"]?.tools ?? []
  }

  private func problems(_ yaml: String) -> [String] {
    folder.write("agents/assistant.yaml", "tools:\n\(yaml)")
    return folder.problems("")
  }

  @Test("reads the whole vocabulary, with the environment filled in")
  func readsTheWholeVocabulary() throws {
    let read = try tools(
      """
        - name: find_slots-2
          description: Finds free appointments.
          parameters: { type: object, properties: { day: { type: string } } }
          url: http://${HOST}:81/slots?a=b
          timeout_ms: 300000
          retry: batch
          secret: ${SECRET}
          headers: { Authorization: "Bearer ${TOKEN}", X-Plain: a }
          filler: { phrases: [One moment., Let me see.], after_ms: 0 }
      """, ["HOST": "h.example", "SECRET": "sixteen-letters!", "TOKEN": "t"])
    var expected = HTTPTool(name: "find_slots-2", url: "http://h.example:81/slots?a=b")
    expected.description = "Finds free appointments."
    expected.parameters = #"{"type":"object","properties":{"day":{"type":"string"}}}"#
    (expected.timeoutMilliseconds, expected.retry, expected.secret) = (300_000, "batch", "sixteen-letters!")
    expected.headers = ["Authorization": "Bearer t", "X-Plain": "a"]
    expected.filler = ToolFiller(phrases: ["One moment.", "Let me see."], afterMilliseconds: 0)
    #expect(read == [expected])
  }

  @Test("has the documented defaults, and a filler may be one phrase")
  func hasDefaults() throws {
    let read = try tools("  - { name: a, url: 'https://h' }\n  - { name: b, url: 'https://h', filler: Wait. }")
    #expect(read.first == HTTPTool(name: "a", url: "https://h"))
    #expect(read.first?.timeoutMilliseconds == 10_000 && read.first?.retry == "real-time")
    #expect(read.last?.filler == ToolFiller(phrases: ["Wait."], afterMilliseconds: 1200))
  }

  @Test("names every mistake in its place")
  func namesMistakes() {
    #expect(
      problems(
        """
          - {}
          - name: two words
            url: mailto:x
            timeout_ms: 300001
            retry: often
            secret: short
            filler: ""
          - name: a
            url: https://h
            parameters: { type: string }
            filler: { phrases: [], after_ms: 60001 }
          - name: a
            url: https://h
            parameters: text
            filler: { phrases: [x, ""], after: 1 }
          - name: b
            url: https://h
            filler: {}
        """) == [
          "agents/assistant.yaml:2: tools[0].name: is missing",
          "agents/assistant.yaml:2: tools[0].url: is missing",
          "agents/assistant.yaml:3: tools[1].name: two words is not a name of a function; "
            + "allowed: 1 to 64 letters, digits, '_' and '-'",
          "agents/assistant.yaml:4: tools[1].url: is not an address to call; "
            + "allowed: https://HOST/PATH or http://HOST:PORT/PATH",
          "agents/assistant.yaml:5: tools[1].timeout_ms: 300001 is out of range; allowed: 100 to 300000",
          "agents/assistant.yaml:6: tools[1].retry: often is not one of the choices; "
            + "allowed: default, real-time, batch",
          "agents/assistant.yaml:7: tools[1].secret: is not a signing secret; "
            + "allowed: whsec_ and the base64 of 24 to 64 bytes, or 16 characters or more",
          "agents/assistant.yaml:8: tools[1].filler: is empty",
          "agents/assistant.yaml:11: tools[2].parameters: is not the JSON Schema of an object; "
            + "allowed: keys with values, type: object among them",
          "agents/assistant.yaml:12: tools[2].filler.phrases: has nothing to say; allowed: [PHRASE, ...]",
          "agents/assistant.yaml:12: tools[2].filler.after_ms: 60001 is out of range; allowed: 0 to 60000",
          "agents/assistant.yaml:15: tools[3].parameters: is not the JSON Schema of an object; "
            + "allowed: keys with values, type: object among them",
          "agents/assistant.yaml:16: tools[3].filler.phrases: has nothing to say; allowed: [PHRASE, ...]",
          "agents/assistant.yaml:16: tools[3].filler.after: is not a known key; did you mean after_ms?; "
            + "allowed: phrases, after_ms",
          "agents/assistant.yaml:13: tools[3].name: there is already a tool a",
          "agents/assistant.yaml:19: tools[4].filler.phrases: is missing",
        ])
  }

  @Test("headers are those that HTTP takes, and none of Viva's own")
  func judgesHeaders() {
    #expect(
      problems(
        """
          - name: a
            url: https://h
            headers:
              Content-Length: 3
              Webhook-Signature: x
              "a b": x
              X: "a\\r\\nb"
              Y: a
              y: b
        """) == [
          "agents/assistant.yaml:5: tools[0].headers.Content-Length: is set by Viva itself",
          "agents/assistant.yaml:6: tools[0].headers.Webhook-Signature: is set by Viva itself",
          "agents/assistant.yaml:7: tools[0].headers.a b: is not a name of a header",
          "agents/assistant.yaml:8: tools[0].headers.X: is not a value of a header; "
            + "allowed: up to 8192 bytes without control characters",
          "agents/assistant.yaml:10: tools[0].headers.y: is given more than once",
        ])
    let many = (0..<33).map { "h\($0): x" }.joined(separator: ", ")
    #expect(
      problems("  - { name: a, url: 'https://h', headers: { \(many) } }") == [
        "agents/assistant.yaml:2: tools[0].headers: has more than 32 entries"
      ])
  }

  @Test("an agent has a bounded number of tools and of phrases")
  func boundsLists() {
    let many = (0..<129).map { "  - { name: t\($0), url: 'https://h' }" }.joined(separator: "\n")
    #expect(problems(many) == ["agents/assistant.yaml:1: tools: has more than 128 tools"])
    let phrases = Array(repeating: "x", count: 51).joined(separator: ", ")
    #expect(
      problems("  - { name: a, url: 'https://h', filler: { phrases: [\(phrases)] } }") == [
        "agents/assistant.yaml:2: tools[0].filler.phrases: has more than 50 phrases"
      ])
  }
}
