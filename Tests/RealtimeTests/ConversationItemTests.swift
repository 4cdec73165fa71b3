import Foundation
import Testing

@testable import Realtime

@Suite struct ConversationItemTests {
  private func create(_ item: String) throws -> ConversationItem {
    guard
      case .conversationItemCreate(let item, _) = try decode(
        #"{"type":"conversation.item.create","item":\#(item)}"#
      ).body
    else { throw RealtimeError.missing("item") }
    return item
  }

  private func refused(_ item: String) -> RealtimeError? {
    refusal(#"{"type":"conversation.item.create","event_id":"e","item":\#(item)}"#)
  }

  @Test func clientsMaySeedHistory() throws {
    #expect(
      try create(
        #"{"id":"a","object":"realtime.item","status":"completed","type":"message","role":"assistant","content":[{"type":"output_text","text":"Hi"}]}"#
      ) == .message(id: "a", role: .assistant, parts: [.outputText("Hi")]))
    #expect(
      try create(#"{"type":"message","role":"system","content":[{"type":"input_text","text":"Be kind."}]}"#)
        == .message(id: nil, role: .system, status: nil, parts: [.inputText("Be kind.")]))
    #expect(
      try create(#"{"type":"message","role":"user","content":[{"type":"input_audio","audio":"AAE="}]}"#)
        == .message(id: nil, role: .user, status: nil, parts: [.inputAudio(audio: [0, 1], transcript: nil)]))
    #expect(
      try create(#"{"type":"function_call","name":"f","call_id":"c","arguments":"{}"}"#)
        == .functionCall(id: nil, status: nil, name: "f", callID: "c", arguments: "{}"))
    #expect(
      try create(#"{"type":"function_call_output","call_id":"c","output":"42"}"#).content
        == .functionCallOutput(callID: "c", output: "42"))
  }

  @Test(arguments: [
    (#"{"role":"user","content":[]}"#, "item.type"),
    (#"{"type":"mcp_call"}"#, "item.type"),
    (#"{"type":"song"}"#, "item.type"),
    (#"{"type":"message","content":[]}"#, "item.role"),
    (#"{"type":"message","role":"developer","content":[]}"#, "item.role"),
    (#"{"type":"message","role":"user"}"#, "item.content"),
    (#"{"type":"message","role":"user","content":[]}"#, "item.content"),
    (#"{"type":"message","role":"user","content":{}}"#, "item.content"),
    (#"{"type":"message","role":"user","content":[{"type":"input_text","text":5}]}"#, "item.content[0].text"),
    (#"{"type":"message","role":"user","content":[{"type":"input_text"}]}"#, "item.content[0].text"),
    (#"{"type":"message","role":"user","content":[{"text":"x"}]}"#, "item.content[0].type"),
    (
      #"{"type":"message","role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"x"}]}"#,
      "item.content[1].type"
    ),
    (#"{"type":"message","role":"user","content":[{"type":"input_audio"}]}"#, "item.content[0].audio"),
    (#"{"type":"message","role":"user","content":[{"type":"input_audio","audio":"AA"}]}"#, "item.content[0].audio"),
    (#"{"type":"message","role":"user","content":[{"type":"input_audio","audio":"?"}]}"#, "item.content[0].audio"),
    (#"{"type":"message","role":"user","content":[{"type":"output_text","text":"x"}]}"#, "item.content[0].type"),
    (#"{"type":"message","role":"system","content":[{"type":"input_audio","audio":"AAE="}]}"#, "item.content[0].type"),
    (#"{"type":"message","role":"assistant","content":[{"type":"input_text","text":"x"}]}"#, "item.content[0].type"),
    (
      #"{"type":"message","role":"assistant","content":[{"type":"output_audio","transcript":"x"}]}"#,
      "item.content[0].type"
    ),
    (#"{"type":"message","role":"user","status":"odd","content":[]}"#, "item.status"),
    (#"{"type":"message","id":"","role":"user","content":[]}"#, "item.id"),
    (#"{"type":"function_call","call_id":"c","arguments":"{}"}"#, "item.name"),
    (#"{"type":"function_call","name":"f","call_id":"","arguments":"{}"}"#, "item.call_id"),
    (#"{"type":"function_call","name":"f","call_id":"c","arguments":{}}"#, "item.arguments"),
    (#"{"type":"function_call_output","call_id":"c"}"#, "item.output"),
    (#"{"type":"function_call_output","output":"x"}"#, "item.call_id"),
  ])
  func refusesWithThePathOfTheFault(item: String, param: String) throws {
    let error = try #require(refused(item))
    #expect(error.param == param, "\(error.message)")
    #expect(error.eventID == "e")
  }

  @Test("a function call that names no call gets an id, so that an output can name it")
  func functionCallsAlwaysHaveAnID() throws {
    let item = try create(#"{"type":"function_call","name":"f","arguments":"{}"}"#)
    guard case .functionCall("f", let id, "{}") = item.content else {
      Issue.record("not a function call")
      return
    }
    #expect(id.hasPrefix("call_"))
  }

  @Test("audio of any format is read, an odd number of bytes too")
  func readsAnyNumberOfBytes() throws {
    #expect(
      try create(#"{"type":"message","role":"user","content":[{"type":"input_audio","audio":"AA=="}]}"#)
        == .message(id: nil, role: .user, status: nil, parts: [.inputAudio(audio: [0], transcript: nil)]))
  }

  @Test func boundsWhatItKeeps() {
    func message(_ parts: String) -> String { #"{"type":"message","role":"user","content":[\#(parts)]}"# }
    let part = #"{"type":"input_text","text":"x"}"#
    func parts(_ count: Int) -> String { [String](repeating: part, count: count).joined(separator: ",") }
    #expect(refused(message(parts(Limits.parts))) == nil)
    #expect(refused(message(parts(Limits.parts + 1)))?.param == "item.content")

    let long = String(repeating: "x", count: Limits.itemText + 1)
    #expect(refused(message(#"{"type":"input_text","text":"\#(long.dropLast())"}"#)) == nil)
    #expect(refused(message(#"{"type":"input_text","text":"\#(long)"}"#))?.param == "item.content[0].text")
    #expect(
      refused(message(#"{"type":"input_audio","transcript":"\#(long)"}"#))?.param == "item.content[0].transcript")
    #expect(refused(#"{"type":"function_call_output","call_id":"c","output":"\#(long)"}"#)?.param == "item.output")
    #expect(refused(#"{"type":"function_call","name":"f","arguments":"\#(long)"}"#)?.param == "item.arguments")
  }

  @Test(arguments: ["mcp_call", "mcp_list_tools", "mcp_approval_request", "mcp_approval_response"])
  func refusesMCP(type: String) {
    let error = refused(#"{"type":"\#(type)","id":"x"}"#)
    #expect(error?.code == "unsupported_value" && error?.message.contains("function") == true)
  }

  @Test func refusesImages() {
    let error = refused(
      #"{"type":"message","role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,AA=="}]}"#)
    #expect(error?.code == "unsupported_value" && error?.message.contains("input_text") == true)
  }

  @Test func refusesIDsThatAreTooLong() {
    let id = String(repeating: "x", count: 129)
    #expect(refused(#"{"type":"function_call_output","id":"\#(id)","call_id":"c","output":""}"#)?.param == "item.id")
  }

  @Test(arguments: [
    Samples.userItem, Samples.agentItem, Samples.call,
    ConversationItem(content: .functionCallOutput(callID: "c", output: "")),
    .message(id: nil, role: .user, status: nil, parts: [.inputAudio(audio: nil, transcript: "said")]),
  ])
  func survivesItsOwnJSON(item: ConversationItem) throws {
    #expect(try JSONDecoder().decode(ConversationItem.self, from: JSONEncoder().encode(item)) == item)
  }

  @Test func wordsComeAndGoWithoutTouchingTheRest() {
    var item = Samples.userItem
    #expect(item.takeInputAudio() == [1, 2])
    #expect(item.takeInputAudio() == nil)
    item.setInputTranscript("Hi")
    #expect(
      item.content
        == .message(role: .user, parts: [.inputAudio(audio: nil, transcript: "Hi"), .inputText("and \"this\"")]))
    var answer = Samples.agentItem
    answer.setOutputTranscript("Hel")
    #expect(answer.content == .message(role: .assistant, parts: [.outputAudio(transcript: "Hel", audio: [1, 2])]))
    #expect(answer.isAssistantMessage && !item.isAssistantMessage)
  }
}
