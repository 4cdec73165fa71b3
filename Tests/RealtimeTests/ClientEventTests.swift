import Testing

@testable import Realtime

@Suite struct ClientEventTests {
  @Test(arguments: [
    (#"{"type":"input_audio_buffer.commit"}"#, ClientEvent.Body.inputAudioBufferCommit),
    (#"{"type":"input_audio_buffer.clear","unknown":{"a":[1]}}"#, .inputAudioBufferClear),
    (#"{"type":"output_audio_buffer.clear"}"#, .outputAudioBufferClear),
    (#"{"type":"conversation.item.retrieve","item_id":"item_1"}"#, .conversationItemRetrieve(itemID: "item_1")),
    (#"{"type":"conversation.item.delete","item_id":"item_1"}"#, .conversationItemDelete(itemID: "item_1")),
    (
      #"{"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":1500}"#,
      .conversationItemTruncate(itemID: "i", contentIndex: 0, audioEndMilliseconds: 1500)
    ),
    (#"{"type":"response.cancel"}"#, .responseCancel(responseID: nil)),
    (#"{"type":"response.cancel","response_id":"resp_1"}"#, .responseCancel(responseID: "resp_1")),
    (#"{"type":"response.create"}"#, .responseCreate(ResponseParameters())),
    (#"{"type":"response.create","response":null}"#, .responseCreate(ResponseParameters())),
    (#"{"type":"session.update","session":{}}"#, .sessionUpdate(SessionPatch())),
    (#"{"type":"viva.room.takeover"}"#, .roomTakeover),
    (#"{"type":"viva.room.handback","more":1}"#, .roomHandback),
    (#"{"type":"viva.room.mute"}"#, .roomMute(participantID: nil, isMuted: true)),
    (
      #"{"type":"viva.room.mute","participant_id":"guest_1","muted":false}"#,
      .roomMute(participantID: "guest_1", isMuted: false)
    ),
    (
      #"{"type":"conversation.item.create","previous_item_id":"root","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"Hi"}]}}"#,
      .conversationItemCreate(
        item: .message(id: nil, role: .user, status: nil, parts: [.inputText("Hi")]), previousItemID: "root")
    ),
  ])
  func readsEveryEvent(json: String, body: ClientEvent.Body) throws {
    #expect(try decode(json) == ClientEvent(body))
    let named = json.dropLast() + #","event_id":"event_7"}"#
    #expect(try decode(String(named)) == ClientEvent(body, eventID: "event_7"))
  }

  @Test(arguments: [
    // The plain shape, which has its own scanner, and shapes that go to the general decoder.
    #"{"type":"input_audio_buffer.append","audio":"AAECAw=="}"#,
    #" { "audio" : "AAECAw==" , "type" : "input_audio_buffer.append" } "#,
    #"{"type":"input_audio_buffer.append","audio":"AAECAw\u003d="}"#,
    #"{"type":"input_audio_buffer.append","audio":"AAECAw==","extra":1}"#,
    #"{"type":"input_audio_buffer\u002eappend","audio":"AAECAw=="}"#,
  ])
  func readsAppendsInAnyShape(json: String) throws {
    #expect(try decode(json) == ClientEvent(.inputAudioBufferAppend(audio: [0, 1, 2, 3])))
  }

  @Test func keepsTheIDOfAnAppend() throws {
    let event = try decode(#"{"event_id":"e1","type":"input_audio_buffer.append","audio":""}"#)
    #expect(event == ClientEvent(.inputAudioBufferAppend(audio: []), eventID: "e1"))
    #expect(
      refusal(#"{"event_id":"e1","type":"input_audio_buffer.append","audio":"AAE"}"#)?.eventID == "e1")
  }

  @Test(arguments: [
    (#"{"type":"input_audio_buffer.append"}"#, "missing_required_parameter", "audio"),
    (#"{"type":"input_audio_buffer.append","audio":null}"#, "missing_required_parameter", "audio"),
    (#"{"type":"input_audio_buffer.append","audio":7}"#, "invalid_type", "audio"),
    (#"{"type":"input_audio_buffer.append","audio":"A*=="}"#, "invalid_base64", "audio"),
    (#"{"type":"input_audio_buffer.append","audio":"AAA"}"#, "invalid_base64", "audio"),
    (#"{"type":"conversation.item.retrieve"}"#, "missing_required_parameter", "item_id"),
    (#"{"type":"conversation.item.delete","item_id":""}"#, "invalid_value", "item_id"),
    (#"{"type":"conversation.item.delete","item_id":[1]}"#, "invalid_type", "item_id"),
    (
      #"{"type":"conversation.item.truncate","item_id":"i","audio_end_ms":1}"#, "missing_required_parameter",
      "content_index"
    ),
    (
      #"{"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":-1}"#, "invalid_value",
      "audio_end_ms"
    ),
    (
      #"{"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":99999999999999999999}"#,
      "invalid_value", "audio_end_ms"
    ),
    (
      #"{"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":1.5}"#, "invalid_value",
      "audio_end_ms"
    ),
    (
      #"{"type":"conversation.item.truncate","item_id":"i","content_index":"0","audio_end_ms":1}"#, "invalid_type",
      "content_index"
    ),
    (#"{"type":"response.cancel","response_id":5}"#, "invalid_type", "response_id"),
    (#"{"type":"session.update"}"#, "missing_required_parameter", "session"),
    (#"{"type":"viva.room.mute","muted":1}"#, "invalid_type", "muted"),
    (#"{"type":"viva.room.mute","participant_id":""}"#, "invalid_value", "participant_id"),
    (#"{"type":"session.update","session":"x"}"#, "invalid_type", "session"),
    (#"{"type":"conversation.item.create"}"#, "missing_required_parameter", "item"),
    (#"{"type":"nonsense"}"#, "invalid_value", "type"),
    (#"{"type":1}"#, "invalid_type", "type"),
    (#"{}"#, "missing_required_parameter", "type"),
  ])
  func namesTheFieldAtFault(json: String, code: String, param: String) throws {
    let error = try #require(refusal(json))
    #expect(error.type == "invalid_request_error")
    #expect(error.code == code, "\(error.message)")
    #expect(error.param == param)
    #expect(error.eventID == nil)
    let separator = json == "{}" ? "" : ","
    let named = #"{"event_id":"event_9""# + separator + json.dropFirst()
    #expect(refusal(named)?.eventID == "event_9")
  }

  @Test func readsCorrectionsAndChoices() throws {
    #expect(
      try ClientEvent.decode(Array(#"{"type":"viva.transcript.correct","item_id":"i","transcript":"Hi."}"#.utf8)).body
        == .transcriptCorrect(itemID: "i", transcript: "Hi."))
    #expect(
      try ClientEvent.decode(Array(#"{"type":"viva.callback.choose","slot_id":"mon-9"}"#.utf8)).body
        == .callbackChoose(slotID: "mon-9"))
    #expect(refusal(#"{"type":"viva.transcript.correct","item_id":"i"}"#)?.param == "transcript")
    #expect(refusal(#"{"type":"viva.transcript.correct","item_id":"i","transcript":""}"#)?.param == "transcript")
    #expect(refusal(#"{"type":"viva.callback.choose","slot_id":7}"#)?.param == "slot_id")
  }

  @Test func listsTheKnownTypesForAnUnknownOne() throws {
    let error = try #require(refusal(#"{"event_id":"e","type":"session.destroy"}"#))
    #expect(error.message.contains("session.destroy"))
    for kind in ClientEvent.Kind.allCases { #expect(error.message.contains("'\(kind.rawValue)'")) }
    #expect(ClientEvent.Kind.allCases.count == 16)
  }

  @Test(arguments: [
    "", " ", "nul", "{", "[]]", "{\"type\":}", "\"text\"", "[]", "null", "7", "{\"type\":\"a\"", "\u{FEFF}",
    "{'type':1}",
  ])
  func refusesWhatIsNoObject(text: String) throws {
    let error = try #require(refusal(text))
    #expect(error.type == "invalid_request_error")
    #expect(error.param == nil)
  }

  @Test func refusesBytesThatAreNotUTF8() throws {
    let bytes = Array(#"{"type":"response.cancel","response_id":""#.utf8) + [0xFF, 0xC0] + Array("\"}".utf8)
    #expect(throws: RealtimeError.self) { try ClientEvent.decode(bytes) }
  }

  @Test func refusesOtherEncodings() {
    let text = #"{"type":"response.cancel"}"#
    #expect(throws: RealtimeError.self) { try ClientEvent.decode(text.utf16.flatMap { [UInt8($0), 0] }) }
  }

  @Test func survivesNestingBombs() {
    for bomb in ["[", #"{"a":"#, #"{"type":"response.create","response":{"metadata":["#] {
      let bytes = Array(String(repeating: bomb, count: 100_000).utf8)
      #expect(throws: RealtimeError.self) { try ClientEvent.decode(bytes) }
    }
    let deep = String(repeating: "[", count: 60) + String(repeating: "]", count: 60)
    #expect(throws: Never.self) { try decode(#"{"type":"response.create","ignored":\#(deep)}"#) }
  }

  @Test func quotedBracketsAreNoNesting() {
    let brackets = String(repeating: "[{\\\"", count: 100)
    #expect(throws: Never.self) {
      try decode(#"{"type":"session.update","session":{"instructions":"\#(brackets)"}}"#)
    }
  }

  @Test func anEventIDOfTheWrongKindIsRefusedAndNotEchoed() throws {
    for id in ["5", "\"\"", "\"" + String(repeating: "x", count: 513) + "\""] {
      let error = try #require(refusal(#"{"type":"response.cancel","event_id":\#(id)}"#))
      #expect(error.param == "event_id")
      #expect(error.eventID == nil)
    }
  }

  @Test("an odd number of bytes is left to the session, which knows the format")
  func readsAnyNumberOfBytes() throws {
    for json in [
      #"{"type":"input_audio_buffer.append","audio":"AAEC"}"#,
      #"{"type":"input_audio_buffer.append","audio":"AAEC","extra":1}"#,
    ] {
      #expect(try decode(json) == ClientEvent(.inputAudioBufferAppend(audio: [0, 1, 2])))
    }
    let error = RealtimeError.oddAudio("audio", bytes: 3)
    #expect(error.param == "audio" && error.code == "invalid_value" && error.message.contains("3 bytes"))
  }

  @Test func refusesAnAppendBeyondTheLimit() throws {
    let audio = Base64.encode([UInt8](repeating: 0, count: ClientEvent.maximumAppend + 2))
    let error = try #require(refusal(#"{"type":"input_audio_buffer.append","audio":"\#(audio)"}"#))
    #expect(error.param == "audio")
  }
}
