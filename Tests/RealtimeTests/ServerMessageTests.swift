import Testing

@testable import Realtime

@Suite struct ServerMessageTests {
  @Test(arguments: Samples.all)
  func everyEventCanBeReadBack(event: ServerEvent) throws {
    let message = try ServerMessage.decode(event.encoded(eventID: "event_1"))
    #expect(message.type == event.type)
    #expect(message.eventID == "event_1")
  }

  @Test func keepsTheCommonFields() throws {
    func read(_ event: ServerEvent) throws -> ServerMessage { try ServerMessage.decode(event.encoded(eventID: "e")) }
    let audio = try read(.responseOutputAudioDelta(Samples.address, audio: [5, 6]))
    #expect(audio.audio == [5, 6] && audio.delta == nil)
    #expect(audio.responseID == "resp_1" && audio.itemID == "item_2")
    #expect(audio.outputIndex == 0 && audio.contentIndex == 0)
    #expect(try read(.sessionCreated(Samples.session)).sessionID == "sess_1")
    #expect(try read(.error(Samples.error)).error == Samples.error)
    #expect(try read(.responseContentPartAdded(Samples.address, part: .text("x"))).part == .text("x"))
    #expect(try read(.conversationItemRetrieved(Samples.agentItem)).item == Samples.agentItem)
    let delta = try read(
      .inputAudioTranscriptionDelta(itemID: "i", contentIndex: 0, delta: "a", transcriptSoFar: "b a"))
    #expect(delta.delta == "a" && delta.vivaTranscript == "b a")
    let truncated = try read(
      .conversationItemTruncated(itemID: "i", contentIndex: 0, audioEndMilliseconds: 9, heard: "So"))
    #expect(truncated.vivaHeard == "So" && truncated.audioEndMilliseconds == 9)

    let tool = try read(
      .vivaToolCall(callID: "c", name: "f", status: "failed", durationMilliseconds: 7, error: "Gone."))
    #expect(tool.callID == "c" && tool.name == "f" && tool.status == "failed" && tool.durationMilliseconds == 7)
    #expect(tool.toolError == "Gone." && tool.error == nil)
    #expect(try read(.vivaSRTPAnswer(sdp: "v=0")).sdp == "v=0")
    let guest = RoomParticipant(id: "guest_1", kind: .guest, role: .listen, isMuted: true)
    let joined = try read(.vivaRoomParticipantJoined(guest))
    #expect(joined.participant == guest && joined.participantID == "guest_1")
    let muted = try read(.vivaRoomMuted(participantID: "caller", isMuted: true, by: "guest_2"))
    #expect(muted.participantID == "caller" && muted.isMuted == true)
    let changed = try read(.vivaRoomRoleChanged(participantID: "guest_2", role: .takeover, previousRole: .speak))
    #expect(changed.participantID == "guest_2" && changed.role == .takeover)
    let ended = try read(.vivaSessionEnded(code: 1001, reason: "session expired"))
    #expect(ended.code == 1001 && ended.reason == "session expired")
    let resumed = try read(.vivaResumed(responseID: "r", itemID: "i"))
    #expect(resumed.responseID == "r" && resumed.itemID == "i")

    #expect(try read(.responseOutputAudioDelta(Samples.address, audio: [7])).audio == [7])
    var done = Samples.doneResponse
    done.output = done.output.map(\.withoutAudio)
    #expect(try read(.responseDone(Samples.doneResponse)).response == done)
  }

  @Test func unknownEventsKeepTheirType() throws {
    let message = try ServerMessage.decode(Array(#"{"type":"viva.ladder.changed","event_id":"e","rung":3}"#.utf8))
    #expect(message.type == "viva.ladder.changed")
  }
}
