/// What the server may say: the GA protocol's server events, without those for MCP and telephony.
public enum ServerEvent: Sendable, Equatable {
  case sessionCreated(RealtimeSession)
  case sessionUpdated(RealtimeSession)
  case conversationCreated(conversationID: String)
  case rateLimitsUpdated([RateLimit])
  case error(RealtimeError)

  case conversationItemAdded(ConversationItem, previousItemID: String?)
  case conversationItemDone(ConversationItem, previousItemID: String?)
  /// The old name of `.added`, still in the vocabulary.
  case conversationItemCreated(ConversationItem, previousItemID: String?)
  case conversationItemRetrieved(ConversationItem)
  case conversationItemDeleted(itemID: String)
  /// `heard` (vendor field): the words that remain, up to where the user stopped listening.
  case conversationItemTruncated(
    itemID: String, contentIndex: Int, audioEndMilliseconds: Int, heard: String? = nil)

  /// `transcriptSoFar` (vendor field): the whole text as it is understood now, which later words may still change.
  case inputAudioTranscriptionDelta(
    itemID: String, contentIndex: Int, delta: String, transcriptSoFar: String? = nil)
  case inputAudioTranscriptionCompleted(
    itemID: String, contentIndex: Int, transcript: String, usage: TranscriptionUsage)
  /// `start` and `end` in seconds.
  case inputAudioTranscriptionSegment(
    id: String, itemID: String, contentIndex: Int, text: String, speaker: String, start: Double, end: Double)
  case inputAudioTranscriptionFailed(itemID: String, contentIndex: Int, error: RealtimeError)

  case inputAudioBufferCommitted(itemID: String, previousItemID: String?)
  case inputAudioBufferCleared
  /// Counted from the start of all audio of the session.
  case inputAudioBufferSpeechStarted(audioStartMilliseconds: Int, itemID: String)
  case inputAudioBufferSpeechStopped(audioEndMilliseconds: Int, itemID: String)
  case inputAudioBufferTimeoutTriggered(audioStartMilliseconds: Int, audioEndMilliseconds: Int, itemID: String)

  case responseCreated(Response)
  case responseDone(Response)
  case responseOutputItemAdded(responseID: String, outputIndex: Int, item: ConversationItem)
  case responseOutputItemDone(responseID: String, outputIndex: Int, item: ConversationItem)
  case responseContentPartAdded(ContentAddress, part: ResponsePart)
  case responseContentPartDone(ContentAddress, part: ResponsePart)
  case responseOutputTextDelta(ContentAddress, delta: String)
  case responseOutputTextDone(ContentAddress, text: String)
  case responseOutputAudioTranscriptDelta(ContentAddress, delta: String)
  case responseOutputAudioTranscriptDone(ContentAddress, transcript: String)
  /// In the response's output format.
  case responseOutputAudioDelta(ContentAddress, audio: [UInt8])
  case responseOutputAudioDone(ContentAddress)
  case responseFunctionCallArgumentsDelta(
    responseID: String, itemID: String, outputIndex: Int, callID: String, delta: String)
  case responseFunctionCallArgumentsDone(
    responseID: String, itemID: String, outputIndex: Int, callID: String, name: String, arguments: String)

  case outputAudioBufferStarted(responseID: String)
  case outputAudioBufferStopped(responseID: String)
  case outputAudioBufferCleared(responseID: String)

  /// Vendor event: the server itself runs a tool. `status`: `in_progress`, `completed`, `failed`.
  case vivaToolCall(callID: String, name: String, status: String, durationMilliseconds: Int?, error: String?)
  /// Vendor event: an answer that was interrupted by no words goes on in a new response. `itemID`: the item that
  /// was cut off.
  case vivaResumed(responseID: String, itemID: String)

  /// Vendor event: the session offers its user less, or more again.
  case vivaLadderChanged(LadderStatus)
  /// Vendor event: what the user has spoken says this now.
  case vivaTranscriptCorrected(itemID: String, transcript: String)
  /// Vendor event: the session cannot go on; the user may choose when to come back.
  case vivaCallbackOffered([CallbackSlot])
  /// Vendor event: the choice is kept.
  case vivaCallbackChosen(CallbackSlot)

  /// Vendor event: the answer to `session.viva.srtp.sdp`. It has keys in it, and goes to who has offered alone.
  case vivaSRTPAnswer(sdp: String)
  /// Vendor event: somebody is in the room; who joins is told of everybody who is there, themselves included.
  case vivaRoomParticipantJoined(RoomParticipant)
  /// Vendor event.
  case vivaRoomParticipantLeft(participantID: String)
  /// Vendor event: somebody has taken the agent's place, or has given it back.
  case vivaRoomRoleChanged(participantID: String, role: RoomRole, previousRole: RoomRole)
  /// Vendor event: who speaks, or spoke last.
  case vivaRoomActiveSpeaker(participantID: String)
  /// Vendor event. `by`: who did it.
  case vivaRoomMuted(participantID: String, isMuted: Bool, by: String)

  /// Vendor event: the session is over; on data channels, which have no other word for why. `code` and `reason` are
  /// those that a WebSocket would have been closed with (RFC 6455, section 7.4).
  case vivaSessionEnded(code: Int, reason: String)

  /// Its name in the protocol.
  public var type: String {
    switch self {
    case .sessionCreated: "session.created"
    case .sessionUpdated: "session.updated"
    case .conversationCreated: "conversation.created"
    case .rateLimitsUpdated: "rate_limits.updated"
    case .error: "error"
    case .conversationItemAdded: "conversation.item.added"
    case .conversationItemDone: "conversation.item.done"
    case .conversationItemCreated: "conversation.item.created"
    case .conversationItemRetrieved: "conversation.item.retrieved"
    case .conversationItemDeleted: "conversation.item.deleted"
    case .conversationItemTruncated: "conversation.item.truncated"
    case .inputAudioTranscriptionDelta: "conversation.item.input_audio_transcription.delta"
    case .inputAudioTranscriptionCompleted: "conversation.item.input_audio_transcription.completed"
    case .inputAudioTranscriptionSegment: "conversation.item.input_audio_transcription.segment"
    case .inputAudioTranscriptionFailed: "conversation.item.input_audio_transcription.failed"
    case .inputAudioBufferCommitted: "input_audio_buffer.committed"
    case .inputAudioBufferCleared: "input_audio_buffer.cleared"
    case .inputAudioBufferSpeechStarted: "input_audio_buffer.speech_started"
    case .inputAudioBufferSpeechStopped: "input_audio_buffer.speech_stopped"
    case .inputAudioBufferTimeoutTriggered: "input_audio_buffer.timeout_triggered"
    case .responseCreated: "response.created"
    case .responseDone: "response.done"
    case .responseOutputItemAdded: "response.output_item.added"
    case .responseOutputItemDone: "response.output_item.done"
    case .responseContentPartAdded: "response.content_part.added"
    case .responseContentPartDone: "response.content_part.done"
    case .responseOutputTextDelta: "response.output_text.delta"
    case .responseOutputTextDone: "response.output_text.done"
    case .responseOutputAudioTranscriptDelta: "response.output_audio_transcript.delta"
    case .responseOutputAudioTranscriptDone: "response.output_audio_transcript.done"
    case .responseOutputAudioDelta: "response.output_audio.delta"
    case .responseOutputAudioDone: "response.output_audio.done"
    case .responseFunctionCallArgumentsDelta: "response.function_call_arguments.delta"
    case .responseFunctionCallArgumentsDone: "response.function_call_arguments.done"
    case .outputAudioBufferStarted: "output_audio_buffer.started"
    case .outputAudioBufferStopped: "output_audio_buffer.stopped"
    case .outputAudioBufferCleared: "output_audio_buffer.cleared"
    case .vivaToolCall: "viva.tool_call"
    case .vivaResumed: "viva.response.resumed"
    case .vivaLadderChanged: "viva.ladder.changed"
    case .vivaTranscriptCorrected: "viva.transcript.corrected"
    case .vivaCallbackOffered: "viva.callback.offered"
    case .vivaCallbackChosen: "viva.callback.chosen"
    case .vivaSRTPAnswer: "viva.srtp.answer"
    case .vivaRoomParticipantJoined: "viva.room.participant_joined"
    case .vivaRoomParticipantLeft: "viva.room.participant_left"
    case .vivaRoomRoleChanged: "viva.room.role_changed"
    case .vivaRoomActiveSpeaker: "viva.room.active_speaker"
    case .vivaRoomMuted: "viva.room.muted"
    case .vivaSessionEnded: "viva.session.ended"
    }
  }
}
