import Testing

@testable import Realtime

@Suite struct ResponseParametersTests {
  @Test func readsEveryField() throws {
    let event = try decode(
      #"""
      {"type":"response.create","response":{"output_modalities":["text"],"instructions":"Hi",
       "audio":{"output":{"voice":"v","format":{"type":"audio/pcm","rate":24000}}},"tools":[],"tool_choice":"none",
       "max_output_tokens":"inf","metadata":{"a":"b"},"conversation":"none","prompt":null,
       "input":[{"type":"item_reference","id":"item_1"},
         {"type":"message","role":"user","content":[{"type":"input_text","text":"x"}]}]}}
      """#)
    var expected = ResponseParameters()
    expected.modality = .text
    expected.instructions = "Hi"
    expected.voice = "v"
    expected.outputFormat = .pcm
    expected.tools = []
    expected.toolChoice = RealtimeSession.ToolChoice.none
    expected.maxOutputTokens = .unlimited
    expected.metadata = ["a": "b"]
    expected.conversation = .none
    expected.input = [
      .reference(itemID: "item_1"), .item(.message(id: nil, role: .user, status: nil, parts: [.inputText("x")])),
    ]
    #expect(event.body == .responseCreate(expected))
    #expect(expected.isOutOfBand && !ResponseParameters().isOutOfBand)
  }

  @Test(arguments: [
    (#"{"output_modalities":["text","audio"]}"#, "response.output_modalities"),
    (#"{"conversation":"conv_1"}"#, "response.conversation"),
    (#"{"input":[{"type":"item_reference"}]}"#, "response.input[0].id"),
    (
      #"{"input":[{"type":"message","role":"user","content":[{"type":"input_text"}]}]}"#,
      "response.input[0].content[0].text"
    ),
    (
      #"{"input":[{"type":"message","role":"user","content":[{"type":"output_text","text":"x"}]}]}"#,
      "response.input[0].content[0].type"
    ),
    (#"{"metadata":{"a":1}}"#, "response.metadata.a"),
    (#"{"metadata":"x"}"#, "response.metadata"),
    (#"{"max_output_tokens":-1}"#, "response.max_output_tokens"),
    (#"{"audio":{"output":{"format":{"type":"audio/pcmu"}}}}"#, "response.audio.output.format.type"),
    (#"{"prompt":{"id":"p"}}"#, "response.prompt"),
    (#"{"tools":[{"type":"mcp"}]}"#, "response.tools[0].type"),
  ])
  func refusesWithThePathOfTheFault(json: String, param: String) throws {
    let error = try #require(refusal(#"{"type":"response.create","response":\#(json)}"#))
    #expect(error.param == param, "\(error.message)")
  }

  @Test func boundsMetadata() {
    func error(_ metadata: String) -> RealtimeError? {
      refusal(#"{"type":"response.create","response":{"metadata":{\#(metadata)}}}"#)
    }
    func pairs(_ count: Int) -> String { (0..<count).map { #""k\#($0)":"v""# }.joined(separator: ",") }
    #expect(error(pairs(16)) == nil)
    #expect(error(pairs(17))?.param == "response.metadata")
    #expect(error(#""\#(String(repeating: "k", count: 65))":"v""#)?.param == "response.metadata")
    #expect(error(#""k":"\#(String(repeating: "v", count: 513))""#)?.param == "response.metadata")
  }
}
