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

  @Test func anOfferOfSRTPIsNoPartOfTheSession() throws {
    let message = #"{"type":"session.update","session":{"viva":{"srtp":{"sdp":"v=0\r\n"}}}}"#
    guard case .sessionUpdate(let patch) = try decode(message).body else {
      Issue.record("no update")
      return
    }
    #expect(patch.srtpOffer == "v=0\r\n")
    #expect(try Samples.session.applying(patch, audioHasBeenProduced: false) == Samples.session)
  }

  @Test(arguments: [
    (#"{"viva":{"srtp":{}}}"#, "missing_required_parameter"), (#"{"viva":{"srtp":{"sdp":""}}}"#, "invalid_value"),
    (#"{"viva":{"srtp":{"sdp":7}}}"#, "invalid_type"), (#"{"viva":{"srtp":7}}"#, "invalid_type"),
  ])
  func namesWhatIsWrongWithAnOfferOfSRTP(json: String, code: String) {
    #expect(throws: RealtimeError.self) { try updated(json) }
    do {
      _ = try updated(json)
    } catch {
      #expect(error.code == code)
      #expect(error.param?.hasPrefix("session.viva.srtp") == true)
    }
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
         "transcription":{"model":"m","language":"de","prompt":"","languages":["de","en"],"keywords":["Viva"],
           "delay":"xhigh"},
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
    #expect(
      session.transcription
        == .init(
          model: "m", language: "de", prompt: "", languages: ["de", "en"], keywords: ["Viva"], delay: .xhigh))
    var detection = TurnDetection()
    detection.threshold = 0.7
    detection.prefixPaddingMilliseconds = 0
    detection.silenceDurationMilliseconds = 200
    detection.idleTimeoutMilliseconds = 6000
    detection.createResponse = false
    detection.interruptResponse = false
    #expect(session.turnDetection == detection)
    #expect(session.voice == Voice("v1", isCustom: true))
    #expect(session.speed == 1.25)
    #expect(session.tools.map(\.parametersJSON) == [#"{"properties":{},"type":"object"}"#])
    #expect(session.toolChoice == .function("f"))
    #expect(session.maxOutputTokens == .limited(4096))
    #expect(session.truncation == .retentionRatio(0.5, postInstructions: nil))
    #expect(session.include.count == 1)
    #expect(session.tracing == .object(["group_id": .string("g")]))
    #expect(session.parallelToolCalls == true && session.reasoningEffort == .low)
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
    (#"{"reasoning":"low"}"#, "session.reasoning"),
    (#"{"reasoning":{"effort":"most"}}"#, "session.reasoning.effort"),
    (#"{"parallel_tool_calls":1}"#, "session.parallel_tool_calls"),
    (#"{"model":""}"#, "session.model"),
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
    (#"{"audio":{"input":{"format":{"type":"audio/pcmu","rate":16000}}}}"#, "session.audio.input.format.rate"),
    (#"{"audio":{"output":{"format":{"type":"audio/mp3"}}}}"#, "session.audio.output.format.type"),
    (#"{"audio":{"output":{"format":{"rate":24000}}}}"#, "session.audio.output.format.type"),
    (#"{"audio":{"output":{"speed":1.6}}}"#, "session.audio.output.speed"),
    (#"{"audio":{"output":{"speed":1e400}}}"#, "session.audio.output.speed"),
    (#"{"audio":{"output":{"voice":7}}}"#, "session.audio.output.voice"),
    (#"{"audio":{"output":{"voice":{}}}}"#, "session.audio.output.voice.id"),
    (#"{"audio":{"input":{"turn_detection":{}}}}"#, "session.audio.input.turn_detection.type"),
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
    (#"{"audio":{"input":{"transcription":{"languages":"de"}}}}"#, "session.audio.input.transcription.languages"),
    (#"{"audio":{"input":{"transcription":{"keywords":[1]}}}}"#, "session.audio.input.transcription.keywords[0]"),
    (#"{"audio":{"input":{"transcription":{"delay":"none"}}}}"#, "session.audio.input.transcription.delay"),
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

  @Test func whatIsNotSupportedSaysWhatIs() {
    func refused(_ json: String) -> RealtimeError? {
      refusal(#"{"type":"session.update","session":\#(json)}"#)
    }
    let tool = refused(#"{"tools":[{"type":"mcp","server_label":"x","server_url":"https://example.com"}]}"#)
    #expect(tool?.code == "unsupported_value" && tool?.message.contains("function") == true)
    let choice = refused(#"{"tool_choice":{"type":"mcp","server_label":"x"}}"#)
    #expect(choice?.code == "unsupported_value" && choice?.message.contains("function") == true)
    let prompt = refused(#"{"prompt":{"id":"pmpt_1"}}"#)
    #expect(prompt?.code == "unsupported_parameter" && prompt?.message.contains("instructions") == true)
  }

  @Test func toolsNeedNoTypeBecauseTheyAreFunctions() throws {
    #expect(try updated(#"{"tools":[{"name":"f"}]}"#).tools == [.init(name: "f")])
  }

  @Test func boundsWhatItKeeps() {
    func refused(_ json: String) -> String? { refusal(#"{"type":"session.update","session":\#(json)}"#)?.param }
    func text(_ length: Int) -> String { String(repeating: "x", count: length) }
    func list(_ element: String, _ count: Int) -> String {
      "[" + [String](repeating: element, count: count).joined(separator: ",") + "]"
    }
    #expect(refused(#"{"instructions":"\#(text(Limits.instructions))"}"#) == nil)
    #expect(refused(#"{"instructions":"\#(text(Limits.instructions + 1))"}"#) == "session.instructions")
    #expect(refused(#"{"tools":\#(list(#"{"name":"f"}"#, 128))}"#) == nil)
    #expect(refused(#"{"tools":\#(list(#"{"name":"f"}"#, 129))}"#) == "session.tools")
    let description = text(Limits.toolDescription + 1)
    #expect(refused(#"{"tools":[{"name":"f","description":"\#(description)"}]}"#) == "session.tools[0].description")
    let schema = #"{"title":"\#(text(Limits.toolParameters))"}"#
    #expect(refused(#"{"tools":[{"name":"f","parameters":\#(schema)}]}"#) == "session.tools[0].parameters")
    #expect(refused(#"{"tracing":{"group_id":"\#(text(Limits.tracing))"}}"#) == "session.tracing")
    #expect(refused(#"{"include":\#(list(#""x""#, 17))}"#) == "session.include")

    let path = "session.audio.input.transcription"
    func transcription(_ json: String) -> String? { refused(#"{"audio":{"input":{"transcription":{\#(json)}}}}"#) }
    #expect(transcription(#""keywords":\#(list(#""x""#, 1000))"#) == nil)
    #expect(transcription(#""keywords":\#(list(#""x""#, 1001))"#) == "\(path).keywords")
    #expect(transcription(#""keywords":["\#(text(257))"]"#) == "\(path).keywords")
    #expect(transcription(#""languages":\#(list(#""en""#, 33))"#) == "\(path).languages")
    #expect(transcription(#""language":"\#(text(65))""#) == "\(path).language")
    #expect(transcription(#""prompt":"\#(text(Limits.transcriptionPrompt + 1))""#) == "\(path).prompt")
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

@Suite struct VoiceTests {
  @Test("is shown as it was given, by name or by id", arguments: [#""alloy""#, #"{"id":"voice_1234"}"#])
  func echoes(json: String) throws {
    let update = try decode(#"{"type":"session.update","session":{"audio":{"output":{"voice":\#(json)}}}}"#)
    guard case .sessionUpdate(let patch) = update.body else { return }
    let session = try RealtimeSession(id: "sess_1", model: "assistant").applying(patch, audioHasBeenProduced: false)
    let shown = try parse(ServerEvent.sessionUpdated(session).encoded(eventID: "e"))
    #expect(shown["session", "audio", "output", "voice"]?.text == json)

    let create = try decode(#"{"type":"response.create","response":{"audio":{"output":{"voice":\#(json)}}}}"#)
    guard case .responseCreate(let parameters) = create.body else { return }
    var response = Response(id: "resp_1", status: .inProgress)
    response.audio = .init(format: .pcm, voice: parameters.voice)
    let created = try parse(ServerEvent.responseCreated(response).encoded(eventID: "e"))
    // OpenAI's class for it has names only.
    let name = json.contains("id") ? #""voice_1234""# : json
    #expect(created["response", "audio", "output", "voice"]?.text == name)
  }

  @Test("that is no name says where", arguments: ["7", "[]", "true", #""""#, "{}", #"{"id":""}"#, #"{"id":7}"#])
  func refuses(json: String) {
    let error = #expect(throws: RealtimeError.self) {
      try decode(#"{"type":"session.update","session":{"audio":{"output":{"voice":\#(json)}}}}"#)
    }
    #expect(error?.param?.hasPrefix("session.audio.output.voice") == true)
  }

  @Test("once heard may be named again in either way, and not be changed")
  func fixed() throws {
    var session = RealtimeSession(id: "sess_1", model: "assistant")
    session.voice = "lessac"
    var patch = SessionPatch()
    patch.voice = Voice("lessac", isCustom: true)
    #expect(try session.applying(patch, audioHasBeenProduced: true).voice?.isCustom == true)
    patch.voice = Voice("other", isCustom: true)
    #expect(throws: RealtimeError.self) { try session.applying(patch, audioHasBeenProduced: true) }
  }
}
