import Testing

@testable import Realtime

@Suite struct SessionUpdateTests {
  /// A session after `session.update` with this JSON.
  private func updated(
    _ json: String, from session: RealtimeSession = RealtimeSession(id: "sess_1", model: "assistant"),
    audioHasBeenProduced: Bool = false
  ) throws(RealtimeError) -> RealtimeSession {
    guard case .sessionUpdate(let patch) = try decode(#"{"type":"session.update","session":\#(json)}"#).body else {
      throw .missing("session")
    }
    return try session.applying(patch, audioHasBeenProduced: audioHasBeenProduced)
  }

  @Test func anEmptyUpdateChangesNothing() throws {
    #expect(try updated("{}", from: Samples.session) == Samples.session)
    #expect(
      try updated(#"{"type":"realtime","audio":{"input":{},"output":null}}"#, from: Samples.session) == Samples.session)
  }

  @Test func setsEveryField() throws {
    let session = try updated(
      #"""
      {"type":"realtime","model":"assistant","output_modalities":["text"],"instructions":"Hi",
       "audio":{"input":{"format":{"type":"audio/pcm","rate":24000},"noise_reduction":{"type":"far_field"},
         "transcription":{"model":"m","language":"de"},
         "turn_detection":{"type":"server_vad","threshold":0.7,"prefix_padding_ms":0,"silence_duration_ms":200,
           "idle_timeout_ms":6000,"create_response":false,"interrupt_response":false}},
        "output":{"format":{"type":"audio/pcm"},"voice":{"id":"v1"},"speed":1.25}},
       "tools":[{"type":"function","name":"f","description":"d","parameters":{"type":"object","properties":{}}}],
       "tool_choice":{"type":"function","name":"f"},"max_output_tokens":4096,
       "truncation":{"type":"retention_ratio","retention_ratio":0.5},
       "include":["item.input_audio_transcription.logprobs"],"tracing":{"group_id":"g"},"prompt":null,
       "parallel_tool_calls":true,"reasoning":{"effort":"low"}}
      """#)
    #expect(session.modality == .text)
    #expect(session.instructions == "Hi")
    #expect(session.noiseReduction == .init(field: .far))
    #expect(session.transcription == .init(model: "m", language: "de"))
    var detection = TurnDetection()
    detection.threshold = 0.7
    detection.prefixPaddingMilliseconds = 0
    detection.silenceDurationMilliseconds = 200
    detection.idleTimeoutMilliseconds = 6000
    detection.createResponse = false
    detection.interruptResponse = false
    #expect(session.turnDetection == detection)
    #expect(session.voice == "v1")
    #expect(session.speed == 1.25)
    #expect(session.tools.map(\.parametersJSON) == [#"{"properties":{},"type":"object"}"#])
    #expect(session.toolChoice == .function("f"))
    #expect(session.maxOutputTokens == .limited(4096))
    #expect(session.truncation == .retentionRatio(0.5, postInstructions: nil))
    #expect(session.include.count == 1)
    #expect(session.tracing == .object(["group_id": .string("g")]))
  }

  @Test func nullTurnsOffAndEmptyClears() throws {
    var session = Samples.quietSession
    session.turnDetection = TurnDetection()
    session.transcription = .init()
    session.tools = Samples.session.tools
    let cleared = try updated(
      #"{"instructions":"","tools":[],"tracing":null,"audio":{"input":{"turn_detection":null,"noise_reduction":null,"transcription":null}}}"#,
      from: session)
    #expect(cleared.turnDetection == nil && cleared.noiseReduction == nil && cleared.transcription == nil)
    #expect(cleared.instructions == "" && cleared.tools == [] && cleared.tracing == nil)
  }

  @Test func nestedFieldsMergeToo() throws {
    var session = RealtimeSession(id: "sess_1", model: "assistant")
    session.turnDetection?.silenceDurationMilliseconds = 900
    session.turnDetection?.idleTimeoutMilliseconds = 9000
    session.noiseReduction = .init(field: .near, strength: 0.5)
    let merged = try updated(
      #"{"audio":{"input":{"turn_detection":{"type":"server_vad","threshold":0.9},"noise_reduction":{"type":"far_field"}}}}"#,
      from: session)
    #expect(merged.turnDetection?.threshold == 0.9)
    #expect(merged.turnDetection?.silenceDurationMilliseconds == 900)
    #expect(merged.turnDetection?.idleTimeoutMilliseconds == 9000)
    #expect(merged.noiseReduction == .init(field: .far, strength: 0.5))
    let off = try updated(
      #"{"audio":{"input":{"turn_detection":{"type":"server_vad","idle_timeout_ms":null}}}}"#, from: session)
    #expect(off.turnDetection?.idleTimeoutMilliseconds == nil)
    #expect(off.turnDetection?.silenceDurationMilliseconds == 900)
  }

  @Test func serverVADAfterManualStartsFromTheDefaults() throws {
    let session = try updated(
      #"{"audio":{"input":{"turn_detection":{"type":"server_vad"}}}}"#, from: Samples.quietSession)
    #expect(session.turnDetection == TurnDetection())
  }

  @Test(arguments: [
    (#"{"type":"transcription"}"#, "session.type"),
    (#"{"type":"other"}"#, "session.type"),
    (#"{"model":"other"}"#, "session.model"),
    (#"{"output_modalities":["audio","text"]}"#, "session.output_modalities"),
    (#"{"output_modalities":[]}"#, "session.output_modalities"),
    (#"{"output_modalities":["smell"]}"#, "session.output_modalities"),
    (#"{"output_modalities":"audio"}"#, "session.output_modalities"),
    (#"{"instructions":5}"#, "session.instructions"),
    (#"{"audio":[]}"#, "session.audio"),
    (#"{"audio":{"input":{"format":"pcm16"}}}"#, "session.audio.input.format"),
    (#"{"audio":{"input":{"format":{"type":"audio/pcm","rate":16000}}}}"#, "session.audio.input.format.rate"),
    (#"{"audio":{"input":{"format":{"type":"audio/pcmu"}}}}"#, "session.audio.input.format.type"),
    (#"{"audio":{"output":{"format":{"type":"audio/pcma"}}}}"#, "session.audio.output.format.type"),
    (#"{"audio":{"output":{"format":{"type":"audio/opus"}}}}"#, "session.audio.output.format.type"),
    (#"{"audio":{"output":{"speed":1.6}}}"#, "session.audio.output.speed"),
    (#"{"audio":{"output":{"speed":1e400}}}"#, "session.audio.output.speed"),
    (#"{"audio":{"output":{"voice":7}}}"#, "session.audio.output.voice"),
    (#"{"audio":{"output":{"voice":{}}}}"#, "session.audio.output.voice.id"),
    (#"{"audio":{"input":{"turn_detection":{}}}}"#, "session.audio.input.turn_detection.type"),
    (#"{"audio":{"input":{"turn_detection":{"type":"semantic_vad"}}}}"#, "session.audio.input.turn_detection.type"),
    (#"{"audio":{"input":{"turn_detection":{"type":"none"}}}}"#, "session.audio.input.turn_detection.type"),
    (
      #"{"audio":{"input":{"turn_detection":{"type":"server_vad","threshold":"0.5"}}}}"#,
      "session.audio.input.turn_detection.threshold"
    ),
    (
      #"{"audio":{"input":{"turn_detection":{"type":"server_vad","threshold":1.01}}}}"#,
      "session.audio.input.turn_detection.threshold"
    ),
    (
      #"{"audio":{"input":{"turn_detection":{"type":"server_vad","prefix_padding_ms":-1}}}}"#,
      "session.audio.input.turn_detection.prefix_padding_ms"
    ),
    (
      #"{"audio":{"input":{"turn_detection":{"type":"server_vad","silence_duration_ms":1e30}}}}"#,
      "session.audio.input.turn_detection.silence_duration_ms"
    ),
    (
      #"{"audio":{"input":{"turn_detection":{"type":"server_vad","idle_timeout_ms":4999}}}}"#,
      "session.audio.input.turn_detection.idle_timeout_ms"
    ),
    (#"{"audio":{"input":{"noise_reduction":{"type":"mid_field"}}}}"#, "session.audio.input.noise_reduction.type"),
    (#"{"audio":{"input":{"noise_reduction":{"strength":-1}}}}"#, "session.audio.input.noise_reduction.strength"),
    (#"{"audio":{"input":{"transcription":{"language":1}}}}"#, "session.audio.input.transcription.language"),
    (#"{"tools":[{"type":"mcp","server_label":"x"}]}"#, "session.tools[0].type"),
    (#"{"tools":[{"type":"function"}]}"#, "session.tools[0].name"),
    (#"{"tools":[{"type":"function","name":"f"},{"type":"function","name":"a b"}]}"#, "session.tools[1].name"),
    (#"{"tools":[{"type":"function","name":"f","parameters":[]}]}"#, "session.tools[0].parameters"),
    (#"{"tool_choice":"sometimes"}"#, "session.tool_choice"),
    (#"{"tool_choice":{"type":"mcp","server_label":"x"}}"#, "session.tool_choice.type"),
    (#"{"tool_choice":{"type":"function"}}"#, "session.tool_choice.name"),
    (#"{"max_output_tokens":0}"#, "session.max_output_tokens"),
    (#"{"max_output_tokens":4097}"#, "session.max_output_tokens"),
    (#"{"max_output_tokens":"lots"}"#, "session.max_output_tokens"),
    (#"{"truncation":"never"}"#, "session.truncation"),
    (#"{"truncation":{"type":"retention_ratio","retention_ratio":2}}"#, "session.truncation.retention_ratio"),
    (#"{"include":["all"]}"#, "session.include[0]"),
    (#"{"prompt":{"id":"pmpt_1"}}"#, "session.prompt"),
  ])
  func refusesWithThePathOfTheFault(json: String, param: String) {
    let error = #expect(throws: RealtimeError.self) { try updated(json) }
    #expect(error?.param == param, "\(error?.message ?? "")")
    #expect(error?.type == "invalid_request_error")
  }

  @Test func whatIsNotSupportedSaysWhatIs() throws {
    func message(_ json: String) -> String { refusal(#"{"type":"session.update","session":\#(json)}"#)?.message ?? "" }
    #expect(message(#"{"audio":{"input":{"turn_detection":{"type":"semantic_vad"}}}}"#).contains("server_vad"))
    #expect(message(#"{"audio":{"input":{"format":{"type":"audio/pcmu"}}}}"#).contains("audio/pcm"))
    #expect(message(#"{"type":"transcription"}"#).contains("type 'realtime'"))
  }

  @Test func theVoiceIsFixedOnceItWasHeard() throws {
    let json = #"{"audio":{"output":{"voice":"other"}}}"#
    #expect(try updated(json, from: Samples.session).voice == "other")
    let error = #expect(throws: RealtimeError.self) {
      try updated(json, from: Samples.session, audioHasBeenProduced: true)
    }
    #expect(error?.param == "session.audio.output.voice")
    let same = #"{"audio":{"output":{"voice":"lessac"}}}"#
    #expect(try updated(same, from: Samples.session, audioHasBeenProduced: true) == Samples.session)
  }

  @Test func tracingIsFixedOnceItIsOn() throws {
    #expect(throws: RealtimeError.self) { try updated(#"{"tracing":{"group_id":"g"}}"#, from: Samples.quietSession) }
    #expect(try updated(#"{"tracing":"auto"}"#, from: Samples.quietSession) == Samples.quietSession)
  }
}
