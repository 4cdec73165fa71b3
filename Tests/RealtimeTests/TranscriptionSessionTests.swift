import Testing

@testable import Realtime

@Suite struct TranscriptionSessionTests {
  private static let session = RealtimeSession(id: "sess_1", model: "assistant", kind: .transcription)

  private func patch(_ json: String) throws(RealtimeError) -> SessionPatch {
    guard case .sessionUpdate(let patch) = try decode(#"{"type":"session.update","session":\#(json)}"#).body else {
      throw .missing("session")
    }
    return patch
  }

  private func updated(_ json: String, from session: RealtimeSession = session) throws(RealtimeError)
    -> RealtimeSession
  {
    try session.applying(try patch(json), audioHasBeenProduced: false)
  }

  @Test func namesTheKindThatItIsFor() throws {
    #expect(try patch("{}").kind == nil)
    #expect(try patch(#"{"type":"realtime"}"#).kind == .realtime)
    #expect(try patch(#"{"type":"transcription"}"#).kind == .transcription)
  }

  @Test func transcribesAndNeverResponds() throws {
    #expect(Self.session.transcription == .init())
    #expect(Self.session.turnDetection?.createResponse == false)
    let quiet = try updated(
      #"{"audio":{"input":{"turn_detection":{"type":"server_vad","create_response":false,"interrupt_response":false}}}}"#
    )
    #expect(quiet.turnDetection?.createResponse == false && quiet.turnDetection?.interruptResponse == false)
    var manual = Self.session
    manual.turnDetection = nil
    let semantic = try updated(#"{"audio":{"input":{"turn_detection":{"type":"semantic_vad"}}}}"#, from: manual)
    #expect(semantic.turnDetection?.createResponse == false)
  }

  /// The fields of `RealtimeTranscriptionSessionCreateResponse` (openai 3.52.0), which keys show; those of
  /// `RealtimeTranscriptionSessionCreateRequest`, which `session.created` shows, are among them.
  @Test func showsExactlyTheFieldsOfTheProtocol() throws {
    let json = try parse(ServerEvent.sessionCreated(Self.session).encoded(eventID: "e"))
    let session = try #require(json["session"])
    #expect(session.keys == ["id", "object", "type", "audio", "include", "expires_at"])
    #expect(session["type"] == .string("transcription"))
    #expect(session["object"] == .string("realtime.transcription_session"))
    #expect(session["audio"]?.keys == ["input"])
    #expect(session["audio", "input"]?.keys == ["format", "noise_reduction", "transcription", "turn_detection"])
    #expect(
      session["audio", "input", "turn_detection"]?.keys
        == ["type", "threshold", "prefix_padding_ms", "silence_duration_ms"])

    let semantic = try updated(
      #"{"type":"transcription","include":["item.input_audio_transcription.logprobs"],"audio":{"input":{"format":{"type":"audio/pcma"},"transcription":{"language":"de"},"turn_detection":{"type":"semantic_vad"}}}}"#
    )
    let shown = try parse(ServerEvent.sessionUpdated(semantic).encoded(eventID: "e"))
    #expect(shown["session", "audio", "input", "turn_detection"]?.keys == ["type", "eagerness"])
    #expect(shown["session", "audio", "input", "format"] == .object(["type": .string("audio/pcma")]))
    #expect(shown["session", "audio", "input", "transcription"] == .object(["language": .string("de")]))
    #expect(shown["session", "include", "0"] == .string("item.input_audio_transcription.logprobs"))
  }

  @Test func theTypeIsFixed() throws {
    let error = #expect(throws: RealtimeError.self) { try updated(#"{"type":"realtime"}"#) }
    #expect(error?.param == "session.type")
    let conversation = RealtimeSession(id: "sess_1", model: "assistant")
    let other = #expect(throws: RealtimeError.self) {
      try updated(#"{"type":"transcription"}"#, from: conversation)
    }
    #expect(other?.param == "session.type" && other?.message.contains("intent=transcription") == true)
    #expect(try updated(#"{"type":"transcription"}"#) == Self.session)
  }

  @Test(arguments: [
    (#"{"output_modalities":["text"]}"#, "output_modalities"), (#"{"instructions":""}"#, "instructions"),
    (#"{"tools":[]}"#, "tools"), (#"{"tool_choice":"auto"}"#, "tool_choice"),
    (#"{"parallel_tool_calls":true}"#, "parallel_tool_calls"), (#"{"reasoning":{"effort":"low"}}"#, "reasoning"),
    (#"{"max_output_tokens":"inf"}"#, "max_output_tokens"), (#"{"truncation":"auto"}"#, "truncation"),
    (#"{"tracing":"auto"}"#, "tracing"), (#"{"audio":{"output":{"voice":"v"}}}"#, "audio.output.voice"),
    (#"{"audio":{"output":{"speed":1}}}"#, "audio.output.speed"),
    (#"{"audio":{"output":{"format":{"type":"audio/pcm"}}}}"#, "audio.output.format"),
    (
      #"{"audio":{"input":{"turn_detection":{"type":"server_vad","idle_timeout_ms":6000}}}}"#,
      "audio.input.turn_detection.idle_timeout_ms"
    ),
  ])
  func refusesWhatOnlyAConversationHas(json: String, field: String) throws {
    let error = #expect(throws: RealtimeError.self) { try updated(json) }
    #expect(error?.code == "unsupported_parameter")
    #expect(error?.param == "session.\(field)")
    _ = try updated(json, from: RealtimeSession(id: "sess_1", model: "assistant"))
  }

  @Test(arguments: ["create_response", "interrupt_response"], ["server_vad", "semantic_vad"])
  func saysThatNothingAnswers(field: String, kind: String) {
    let error = #expect(throws: RealtimeError.self) {
      try updated(#"{"audio":{"input":{"turn_detection":{"type":"\#(kind)","\#(field)":true}}}}"#)
    }
    #expect(error?.code == "unsupported_value")
    #expect(error?.param == "session.audio.input.turn_detection.\(field)")
    #expect(error?.message.contains("false") == true)
  }

  @Test func nullIsNoField() throws {
    #expect(
      try updated(
        #"{"output_modalities":null,"instructions":null,"tools":null,"reasoning":null,"tracing":null,"audio":{"output":null}}"#
      ) == Self.session)
  }

  @Test func transcriptionCannotBeTurnedOff() {
    let error = #expect(throws: RealtimeError.self) { try updated(#"{"audio":{"input":{"transcription":null}}}"#) }
    #expect(error?.code == "unsupported_value" && error?.param == "session.audio.input.transcription")
  }
}
