import Testing

@testable import Realtime

@Suite struct ClientSecretTests {
  private func decode(_ json: String) throws(RealtimeError) -> ClientSecretRequest {
    try ClientSecretRequest.decode(Array(json.utf8))
  }

  @Test(arguments: [
    "", "{}", #"{"expires_after":null,"session":null,"viva":null,"unknown":1}"#, #"{"expires_after":{},"viva":{}}"#,
  ])
  func nothingIsAllDefaults(json: String) throws {
    #expect(try decode(json) == ClientSecretRequest())
    #expect(ClientSecretRequest().seconds == 600)
  }

  @Test func readsEveryField() throws {
    let request = try decode(
      #"""
      {"expires_after":{"anchor":"created_at","seconds":7200},
       "session":{"type":"realtime","model":"support","audio":{"output":{"voice":"v"}}},
       "viva":{"scope":"sideband","call_id":"sess_1"}}
      """#)
    var session = SessionPatch()
    session.kind = .realtime
    session.model = "support"
    session.voice = "v"
    #expect(request.seconds == 7200 && request.session == session)
    #expect(request.scope == "sideband" && request.callID == "sess_1")
    #expect(try decode(#"{"session":{"type":"transcription"}}"#).session?.kind == .transcription)
  }

  @Test(arguments: ["caller", "listener", "human", "sideband", "admin"])
  func readsEveryScope(scope: String) throws {
    #expect(try decode(#"{"viva":{"scope":"\#(scope)"}}"#).scope == scope)
  }

  @Test(arguments: [
    (#"{"expires_after":{"seconds":9}}"#, "expires_after.seconds"),
    (#"{"expires_after":{"seconds":7201}}"#, "expires_after.seconds"),
    (#"{"expires_after":{"seconds":-9223372036854775809}}"#, "expires_after.seconds"),
    (#"{"expires_after":{"seconds":"60"}}"#, "expires_after.seconds"),
    (#"{"expires_after":{"anchor":"last_used_at"}}"#, "expires_after.anchor"),
    (#"{"expires_after":600}"#, "expires_after"), (#"{"viva":"admin"}"#, "viva"),
    (#"{"viva":{"scope":"root"}}"#, "viva.scope"), (#"{"viva":{"scope":["admin"]}}"#, "viva.scope"),
    (#"{"viva":{"call_id":""}}"#, "viva.call_id"), (#"{"session":[]}"#, "session"),
    (#"{"session":{"type":"translation"}}"#, "session.type"), (#"{"session":{"voice":"v"}}"#, "session.voice"),
    (#"{"session":{"audio":{"input":{"format":"pcm16"}}}}"#, "session.audio.input.format"), ("null", nil), ("[]", nil),
    ("{", nil), (" ", nil), (String(repeating: "[", count: 100_000), nil),
  ])
  func refusesWithThePathOfTheFault(json: String, param: String?) {
    let error = #expect(throws: RealtimeError.self) { try decode(json) }
    #expect(error?.type == "invalid_request_error")
    #expect(error?.param == param, "\(error?.message ?? "")")
  }

  @Test(arguments: [Samples.session, Samples.quietSession, Samples.transcriptionSession])
  func showsTheKeyAndTheSessionThatItOpens(session: RealtimeSession) throws {
    let json = try parse(ClientSecret(value: "ek_1", expiresAt: 1_800_000_600, session: session).encoded())
    #expect(json.keys == ["value", "expires_at", "session"])
    #expect(json["value"] == .string("ek_1") && json["expires_at"] == .integer(1_800_000_600))
    let shown = try parse(ServerEvent.sessionCreated(session).encoded(eventID: "e"))
    #expect(json["session"] == shown["session"])
    #expect(json["session", "id"] == .string(session.id))
  }
}

@Suite struct JSONValueTests {
  @Test func readsText() {
    #expect(JSONValue(text: #"{"b":[1,2.5,null,true],"a":"é"}"#)?.text == #"{"a":"é","b":[1,2.5,null,true]}"#)
    #expect(JSONValue(text: "7") == .integer(7))
    for text in ["", "{", "nul", "{'a':1}", String(repeating: "[", count: 100_000), "1e999"] {
      #expect(JSONValue(text: text) == nil)
    }
  }
}
