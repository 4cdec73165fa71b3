import Testing

@testable import Realtime

@Suite struct ServerEventTests {
  /// Required and optional fields of every event, from the protocol's reference; event_id and type left out.
  /// Vendor fields are prefixed with `viva_`.
  private static let fields: [String: (required: Set<String>, optional: Set<String>)] = [
    "conversation.created": (["conversation"], []),
    "conversation.item.added": (["item"], ["previous_item_id"]),
    "conversation.item.created": (["item"], ["previous_item_id"]),
    "conversation.item.deleted": (["item_id"], []),
    "conversation.item.done": (["item"], ["previous_item_id"]),
    "conversation.item.input_audio_transcription.completed": (
      ["content_index", "item_id", "transcript", "usage"], ["languages", "logprobs"]
    ),
    "conversation.item.input_audio_transcription.delta": (["item_id"], ["content_index", "delta", "logprobs"]),
    "conversation.item.input_audio_transcription.failed": (["content_index", "error", "item_id"], []),
    "conversation.item.input_audio_transcription.segment": (
      ["id", "content_index", "end", "item_id", "speaker", "start", "text"], []
    ),
    "conversation.item.retrieved": (["item"], []),
    "conversation.item.truncated": (["audio_end_ms", "content_index", "item_id"], []),
    "error": (["error"], []),
    "input_audio_buffer.cleared": ([], []),
    "input_audio_buffer.committed": (["item_id"], ["previous_item_id"]),
    "input_audio_buffer.speech_started": (["audio_start_ms", "item_id"], []),
    "input_audio_buffer.speech_stopped": (["audio_end_ms", "item_id"], []),
    "input_audio_buffer.timeout_triggered": (["audio_end_ms", "audio_start_ms", "item_id"], []),
    "output_audio_buffer.cleared": (["response_id"], []),
    "output_audio_buffer.started": (["response_id"], []),
    "output_audio_buffer.stopped": (["response_id"], []),
    "rate_limits.updated": (["rate_limits"], []),
    "response.content_part.added": (["content_index", "item_id", "output_index", "part", "response_id"], []),
    "response.content_part.done": (["content_index", "item_id", "output_index", "part", "response_id"], []),
    "response.created": (["response"], []),
    "response.done": (["response"], []),
    "response.function_call_arguments.delta": (["call_id", "delta", "item_id", "output_index", "response_id"], []),
    "response.function_call_arguments.done": (
      ["arguments", "call_id", "item_id", "name", "output_index", "response_id"], []
    ),
    "response.output_audio.delta": (["content_index", "delta", "item_id", "output_index", "response_id"], []),
    "response.output_audio.done": (["content_index", "item_id", "output_index", "response_id"], []),
    "response.output_audio_transcript.delta": (
      ["content_index", "delta", "item_id", "output_index", "response_id"], []
    ),
    "response.output_audio_transcript.done": (
      ["content_index", "item_id", "output_index", "response_id", "transcript"], []
    ),
    "response.output_item.added": (["item", "output_index", "response_id"], []),
    "response.output_item.done": (["item", "output_index", "response_id"], []),
    "response.output_text.delta": (["content_index", "delta", "item_id", "output_index", "response_id"], []),
    "response.output_text.done": (["content_index", "item_id", "output_index", "response_id", "text"], []),
    "session.created": (["session"], []),
    "session.updated": (["session"], []),
    "viva.tool_call": (["call_id", "name", "status"], ["duration_ms", "error"]),
    "viva.response.resumed": (["response_id", "item_id"], []),
    "viva.ladder.changed": (
      ["from", "to", "reason", "since", "input", "output", "questions", "offers_correction"], ["notice"]
    ),
    "viva.transcript.corrected": (["item_id", "transcript"], []),
    "viva.callback.offered": (["slots"], []),
    "viva.callback.chosen": (["slot_id", "text"], []),
    "viva.srtp.answer": (["sdp"], []),
    "viva.room.participant_joined": (["participant"], []),
    "viva.room.participant_left": (["participant_id"], []),
    "viva.room.role_changed": (["participant_id", "role", "previous_role"], []),
    "viva.room.active_speaker": (["participant_id"], []),
    "viva.room.muted": (["participant_id", "muted", "by"], []),
    "viva.session.ended": (["code", "reason"], []),
  ]

  @Test(arguments: Samples.all)
  func hasTheFieldsOfTheReference(event: ServerEvent) throws {
    let json = try parse(event.encoded(eventID: "event_1"))
    let (required, optional) = try #require(Self.fields[event.type])
    #expect(json["type"] == .string(event.type))
    #expect(json["event_id"] == .string("event_1"))
    let keys = json.keys.subtracting(["type", "event_id"])
    #expect(required.subtracting(keys) == [])
    #expect(keys.subtracting(required).subtracting(optional).filter { !$0.hasPrefix("viva_") } == [])
    for key in required { #expect(json[key] != .null) }
  }

  @Test func everyEventOfTheReferenceHasASample() {
    #expect(Set(Samples.all.map(\.type)) == Set(Self.fields.keys))
  }

  @Test func sessionsAreComplete() throws {
    let json = try parse(ServerEvent.sessionCreated(Samples.session).encoded(eventID: "e"))
    let session = try #require(json["session"])
    #expect(
      session.keys == [
        "id", "object", "type", "model", "output_modalities", "instructions", "tools", "tool_choice",
        "max_output_tokens", "truncation", "include", "tracing", "prompt", "expires_at", "audio",
        "parallel_tool_calls", "reasoning",
      ])
    #expect(session["parallel_tool_calls"] == .bool(false))
    #expect(session["reasoning"] == .object(["effort": .string("minimal")]))
    #expect(session["object"] == .string("realtime.session"))
    #expect(session["type"] == .string("realtime"))
    #expect(session["output_modalities"] == .array([.string("audio")]))
    #expect(session["max_output_tokens"] == .string("inf"))
    #expect(session["audio", "input", "format", "rate"] == .integer(24_000))
    #expect(session["audio", "input", "noise_reduction"] == .null)
    #expect(session["audio", "input", "turn_detection", "type"] == .string("server_vad"))
    #expect(session["audio", "input", "turn_detection", "idle_timeout_ms"] == .null)
    #expect(session["audio", "output", "voice"] == .string("lessac"))
    #expect(session["tools", "0", "type"] == .string("function"))

    let quiet = try parse(ServerEvent.sessionUpdated(Samples.quietSession).encoded(eventID: "e"))
    #expect(quiet["session", "audio", "input", "turn_detection"] == .null)
    #expect(quiet["session"]?.keys.isDisjoint(with: ["parallel_tool_calls", "reasoning"]) == true)
    #expect(quiet["session", "tool_choice", "name"] == .string("look_up"))
    #expect(quiet["session", "truncation", "token_limits", "post_instructions"] == .integer(2000))
  }

  @Test func responsesAreComplete() throws {
    let created = try parse(ServerEvent.responseCreated(Samples.response).encoded(eventID: "e"))
    #expect(created["response", "object"] == .string("realtime.response"))
    #expect(created["response", "status"] == .string("in_progress"))
    #expect(created["response", "status_details"] == .null)
    #expect(created["response", "output"] == .array([]))
    #expect(created["response", "usage"] == .null)
    #expect(created["response"]?.keys.contains("viva") == false)

    let done = try parse(ServerEvent.responseDone(Samples.doneResponse).encoded(eventID: "e"))
    #expect(done["response", "status_details", "reason"] == .string("turn_detected"))
    #expect(done["response", "usage", "total_tokens"] == .integer(15))
    #expect(done["response", "usage", "input_token_details", "cached_tokens"] == .integer(3))
    #expect(done["response", "viva", "asr_ms"] == .number(80.5))
    #expect(done["response", "output", "0", "content", "0", "transcript"] == .string("Hello é \u{1F600}"))
    #expect(done["response", "output", "0", "content", "0"]?.keys.contains("audio") == false)
  }

  @Test func audioOfItemsTravelsOnlyWhenItIsRetrieved() throws {
    let added = try parse(
      ServerEvent.conversationItemAdded(Samples.userItem, previousItemID: nil).encoded(eventID: "e"))
    #expect(added["previous_item_id"] == .null)
    #expect(added["item", "content", "0"]?.keys == ["type", "transcript"])
    #expect(added["item", "content", "0", "transcript"] == .null)
    let retrieved = try parse(ServerEvent.conversationItemRetrieved(Samples.userItem).encoded(eventID: "e"))
    #expect(retrieved["item", "content", "0", "audio"] == .string("AQI="))
  }

  @Test func errorsHaveAllFieldsEvenWhenNull() throws {
    let json = try parse(ServerEvent.error(.serverError(code: nil, message: "Oops.")).encoded(eventID: "e"))
    #expect(
      json["error"]
        == .object([
          "type": .string("server_error"), "code": .null, "message": .string("Oops."), "param": .null,
          "event_id": .null,
        ]))
    #expect(try parse(Samples.error.httpBody)["error", "param"] == .string("session.type"))
  }

  @Test func audioDeltasEscapeWhatClientsMayHaveNamed() throws {
    var address = Samples.address
    address.itemID = "a\"b\\c\n\u{1}é\u{1F600}"
    for count in 0...9 {
      let audio = (0..<count).map { UInt8($0 * 37 % 256) }
      let json = try parse(ServerEvent.responseOutputAudioDelta(address, audio: audio).encoded(eventID: "e\t"))
      #expect(json["item_id"] == .string(address.itemID))
      #expect(json["event_id"] == .string("e\t"))
      #expect(json["delta"] == .string(Base64.encode(audio)))
    }
  }

  @Test func numbersThatJSONHasNotDoNotTrap() throws {
    var response = Samples.doneResponse
    response.viva = ResponseLatency(asr: .nan, response: .infinity)
    response.usage = Usage(inputTokens: .max, outputTokens: .max)
    #expect(try parse(ServerEvent.responseDone(response).encoded(eventID: "e"))["type"] == .string("response.done"))
  }
}
