import Testing

@testable import Realtime

@Suite struct ResponseParametersTests {
  @Test func readsEveryField() throws {
    let event = try decode(
      #"""
      {"type":"response.create","response":{"output_modalities":["text"],"instructions":"Hi",
       "audio":{"output":{"voice":"v","format":{"type":"audio/pcm","rate":24000}}},"tools":[],"tool_choice":"none",
       "parallel_tool_calls":false,"reasoning":{"effort":"low"},
       "max_output_tokens":"inf","metadata":{"a":"b"},"conversation":"none","prompt":null,
       "input":[{"type":"item_reference","id":"item_1"},
         {"type":"message","role":"user","content":[{"type":"input_text","text":"x"},
           {"type":"input_audio","audio":"AA=="}]}]}}
      """#)
    var expected = ResponseParameters()
    expected.modality = .text
    expected.instructions = "Hi"
    expected.voice = "v"
    expected.outputFormat = .pcm
    expected.tools = []
    expected.toolChoice = RealtimeSession.ToolChoice.none
    expected.parallelToolCalls = false
    expected.reasoningEffort = .low
    expected.maxOutputTokens = .unlimited
    expected.metadata = ["a": "b"]
    expected.conversation = .none
    expected.input = [
      .reference(itemID: "item_1"),
      .item(
        .message(
          id: nil, role: .user, status: nil, parts: [.inputText("x"), .inputAudio(audio: [0], transcript: nil)])),
    ]
    #expect(event.body == .responseCreate(expected))
    #expect(!expected.joinsConversation && expected.isOutOfBand)
  }

  @Test("a response with its own input joins the conversation, unless it says otherwise")
  func ownInputIsNotOutOfBand() {
    var parameters = ResponseParameters()
    #expect(parameters.joinsConversation && !parameters.isOutOfBand)
    parameters.input = []
    #expect(parameters.joinsConversation && !parameters.isOutOfBand)
    parameters.conversation = .none
    #expect(!parameters.joinsConversation && parameters.isOutOfBand)
  }

  @Test func boundsItsInput() {
    func error(_ count: Int) -> RealtimeError? {
      let items = [String](repeating: #"{"type":"item_reference","id":"i"}"#, count: count).joined(separator: ",")
      return refusal(#"{"type":"response.create","response":{"input":[\#(items)]}}"#)
    }
    #expect(error(128) == nil)
    #expect(error(129)?.param == "response.input")
    let long = String(repeating: "x", count: Limits.instructions + 1)
    #expect(
      refusal(#"{"type":"response.create","response":{"instructions":"\#(long)"}}"#)?.param == "response.instructions")
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
    (#"{"audio":{"output":{"format":{"type":"audio/mp3"}}}}"#, "response.audio.output.format.type"),
    (#"{"reasoning":{"effort":"none"}}"#, "response.reasoning.effort"),
    (#"{"parallel_tool_calls":"yes"}"#, "response.parallel_tool_calls"),
    (#"{"tool_choice":{"type":"mcp","server_label":"x"}}"#, "response.tool_choice.type"),
    (#"{"input":[{"type":"item_reference","id":""}]}"#, "response.input[0].id"),
    (
      #"{"input":[{"type":"message","role":"user","content":[{"type":"input_image","image_url":"x"}]}]}"#,
      "response.input[0].content[0].type"
    ),
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
