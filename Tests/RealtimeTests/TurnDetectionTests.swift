import Testing

@testable import Realtime

@Suite struct TurnDetectionTests {
  private func updated(_ json: String, from detection: TurnDetection? = TurnDetection()) throws(RealtimeError)
    -> TurnDetection?
  {
    var session = RealtimeSession(id: "sess_1", model: "assistant")
    session.turnDetection = detection
    let event = try decode(#"{"type":"session.update","session":{"audio":{"input":{"turn_detection":\#(json)}}}}"#)
    guard case .sessionUpdate(let patch) = event.body else { return nil }
    return try session.applying(patch, audioHasBeenProduced: false).turnDetection
  }

  private func keys(_ detection: TurnDetection?) throws -> Set<String> {
    try parse(RealtimeJSON.encode(detection)).keys
  }

  @Test(arguments: TurnDetection.Eagerness.allCases)
  func semanticVADHasAnEagerness(eagerness: TurnDetection.Eagerness) throws {
    let detection = try updated(#"{"type":"semantic_vad","eagerness":"\#(eagerness.rawValue)"}"#)
    #expect(detection?.kind == .semanticVAD && detection?.eagerness == eagerness)
  }

  @Test func showsTheFieldsOfItsKindOnly() throws {
    let both: Set = ["type", "create_response", "interrupt_response"]
    #expect(
      try keys(TurnDetection())
        == both.union(["threshold", "prefix_padding_ms", "silence_duration_ms", "idle_timeout_ms"]))
    let semantic = try updated(#"{"type":"semantic_vad"}"#)
    #expect(try keys(semantic) == both.union(["eagerness"]))
    #expect(try parse(RealtimeJSON.encode(semantic))["eagerness"] == .string("auto"))
  }

  @Test("another kind starts from its defaults and keeps what happens at the ends of a turn")
  func changesKind() throws {
    var server = TurnDetection()
    server.silenceDurationMilliseconds = 900
    server.idleTimeoutMilliseconds = 9000
    server.createResponse = false
    let semantic = try #require(try updated(#"{"type":"semantic_vad","eagerness":"low"}"#, from: server))
    #expect(!semantic.createResponse && semantic.interruptResponse)
    #expect(semantic.idleTimeoutMilliseconds == nil)

    let kept = try updated(#"{"type":"semantic_vad","interrupt_response":false}"#, from: semantic)
    #expect(kept?.eagerness == .low && kept?.interruptResponse == false)

    let back = try updated(#"{"type":"server_vad","threshold":0.9,"create_response":true}"#, from: semantic)
    var expected = TurnDetection()
    expected.threshold = 0.9
    #expect(back == expected)
  }

  @Test("after manual turns, either kind starts from the defaults")
  func startsFromTheDefaults() throws {
    #expect(try updated(#"{"type":"server_vad"}"#, from: nil) == TurnDetection())
    var semantic = TurnDetection()
    semantic.kind = .semanticVAD
    #expect(try updated(#"{"type":"semantic_vad"}"#, from: nil) == semantic)
  }

  @Test(arguments: [
    (#"{"type":"semantic_vad","threshold":0.5}"#, "threshold"),
    (#"{"type":"semantic_vad","prefix_padding_ms":300}"#, "prefix_padding_ms"),
    (#"{"type":"semantic_vad","silence_duration_ms":500}"#, "silence_duration_ms"),
    (#"{"type":"semantic_vad","idle_timeout_ms":6000}"#, "idle_timeout_ms"),
    (#"{"type":"server_vad","eagerness":"high"}"#, "eagerness"),
  ])
  func refusesTheFieldsOfTheOtherKind(json: String, field: String) {
    let error = #expect(throws: RealtimeError.self) { try updated(json) }
    #expect(error?.code == "unsupported_parameter")
    #expect(error?.param == "session.audio.input.turn_detection.\(field)")
    #expect(error?.message.contains("'\(field)'") == true)
  }

  @Test func aNullFieldOfTheOtherKindIsNoField() throws {
    #expect(try updated(#"{"type":"server_vad","eagerness":null}"#) == TurnDetection())
    let semantic = try updated(
      #"{"type":"semantic_vad","threshold":null,"prefix_padding_ms":null,"silence_duration_ms":null,"idle_timeout_ms":null}"#
    )
    #expect(semantic?.kind == .semanticVAD)
  }

  @Test(arguments: [
    (#"{"type":"semantic_vad","eagerness":"eager"}"#, "eagerness"),
    (#"{"type":"semantic_vad","eagerness":1}"#, "eagerness"),
    (#"{"type":"none"}"#, "type"), (#"{"type":null}"#, "type"), (#"{"eagerness":"low"}"#, "type"),
  ])
  func refusesWithThePathOfTheFault(json: String, field: String) {
    let error = #expect(throws: RealtimeError.self) { try updated(json) }
    #expect(error?.param == "session.audio.input.turn_detection.\(field)")
  }
}
