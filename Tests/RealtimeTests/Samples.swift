import Realtime

/// One sample of every server event, some in several shapes.
enum Samples {
  static let address = ContentAddress(responseID: "resp_1", itemID: "item_2", outputIndex: 0, contentIndex: 0)
  static let userItem = ConversationItem.message(
    id: "item_1", role: .user, parts: [.inputAudio(audio: [1, 2], transcript: nil), .inputText("and \"this\"")])
  static let agentItem = ConversationItem.message(
    id: "item_2", role: .assistant, parts: [.outputAudio(transcript: "Hello é \u{1F600}", audio: [1, 2])])
  static let call = ConversationItem.functionCall(
    id: "item_3", status: .inProgress, name: "look_up", callID: "call_1", arguments: "{\"a\":1}")

  static var session: RealtimeSession {
    var session = RealtimeSession(id: "sess_1", model: "assistant")
    session.instructions = "Be brief."
    session.voice = "lessac"
    session.transcription = .init(model: "moonshine", language: "en")
    session.tools = [
      .init(name: "look_up", description: "Looks up.", parameters: .object(["type": .string("object")]))
    ]
    session.parallelToolCalls = false
    session.reasoningEffort = .minimal
    session.expiresAt = 1_800_000_000
    return session
  }

  static var transcriptionSession: RealtimeSession {
    var session = RealtimeSession(id: "sess_3", model: "assistant", kind: .transcription)
    session.inputFormat = .pcmu
    session.transcription = .init(model: "m", languages: ["de", "en"], keywords: ["Viva"], delay: .low)
    session.noiseReduction = .init(field: .far)
    session.include = ["item.input_audio_transcription.logprobs"]
    return session
  }

  static var semanticSession: RealtimeSession {
    var session = RealtimeSession(id: "sess_4", model: "assistant")
    session.turnDetection?.kind = .semanticVAD
    session.turnDetection?.eagerness = .high
    session.outputFormat = .pcma
    return session
  }

  static var quietSession: RealtimeSession {
    var session = RealtimeSession(id: "sess_2", model: "assistant")
    session.modality = .text
    session.turnDetection = nil
    session.noiseReduction = .init(field: .near, strength: 0.5)
    session.toolChoice = .function("look_up")
    session.truncation = .retentionRatio(0.8, postInstructions: 2000)
    session.maxOutputTokens = .limited(100)
    session.include = ["item.input_audio_transcription.logprobs"]
    session.tracing = .string("auto")
    return session
  }

  static var response: Response {
    var response = Response(id: "resp_1", status: .inProgress)
    response.conversationID = "conv_1"
    response.audio = .init(format: .pcm, voice: "lessac")
    return response
  }

  static var doneResponse: Response {
    var response = response
    response.status = .cancelled
    response.statusDetails = ResponseStatusDetails(type: "cancelled", reason: "turn_detected")
    response.output = [agentItem, call]
    response.metadata = ["topic": "test"]
    response.usage = Usage(inputTokens: 10, outputTokens: 5, cachedTokens: 3)
    response.viva = ResponseLatency(endpointing: 500, asr: 80.5, response: 900)
    return response
  }

  static var failedResponse: Response {
    var response = Response(id: "resp_2", status: .failed)
    response.statusDetails = ResponseStatusDetails(
      type: "failed", error: .init(type: "server_error", code: "no_voice", message: "No voice."))
    response.outputModalities = [.text]
    response.maxOutputTokens = .limited(7)
    return response
  }

  static let error = RealtimeError(
    type: "invalid_request_error", code: "invalid_value", message: "Wrong.", param: "session.type", eventID: "e1")

  static let all: [ServerEvent] = [
    .sessionCreated(session), .sessionUpdated(quietSession), .sessionCreated(transcriptionSession),
    .sessionUpdated(semanticSession), .conversationCreated(conversationID: "conv_1"),
    .rateLimitsUpdated([RateLimit(name: "requests", limit: 100, remaining: 99, resetSeconds: 0.5)]),
    .error(error), .error(.serverError(code: nil, message: "Oops.")),
    .conversationItemAdded(userItem, previousItemID: nil),
    .conversationItemAdded(call, previousItemID: "item_1"),
    .conversationItemDone(agentItem, previousItemID: "item_1"),
    .conversationItemCreated(
      ConversationItem(id: "item_4", content: .functionCallOutput(callID: "call_1", output: "42")), previousItemID: nil),
    .conversationItemRetrieved(userItem), .conversationItemRetrieved(agentItem),
    .conversationItemDeleted(itemID: "item_1"),
    .conversationItemTruncated(itemID: "item_2", contentIndex: 0, audioEndMilliseconds: 640, heard: "Hello"),
    .conversationItemTruncated(itemID: "item_2", contentIndex: 0, audioEndMilliseconds: 0),
    .inputAudioTranscriptionDelta(
      itemID: "item_1", contentIndex: 0, delta: " how", transcriptSoFar: "Hello how are"),
    .inputAudioTranscriptionDelta(itemID: "item_1", contentIndex: 0, delta: "Hello"),
    .inputAudioTranscriptionCompleted(
      itemID: "item_1", contentIndex: 0, transcript: "Hello", usage: .duration(seconds: 1.25)),
    .inputAudioTranscriptionCompleted(
      itemID: "item_1", contentIndex: 0, transcript: "Hello", usage: .tokens(input: 4, output: 2)),
    .inputAudioTranscriptionSegment(
      id: "seg_1", itemID: "item_1", contentIndex: 0, text: "Hello", speaker: "A", start: 0, end: 1.5),
    .inputAudioTranscriptionFailed(
      itemID: "item_1", contentIndex: 0, error: .serverError(code: "timeout", message: "Too slow.")),
    .inputAudioBufferCommitted(itemID: "item_1", previousItemID: nil), .inputAudioBufferCleared,
    .inputAudioBufferSpeechStarted(audioStartMilliseconds: 100, itemID: "item_1"),
    .inputAudioBufferSpeechStopped(audioEndMilliseconds: 2100, itemID: "item_1"),
    .inputAudioBufferTimeoutTriggered(audioStartMilliseconds: 0, audioEndMilliseconds: 5000, itemID: "item_1"),
    .responseCreated(response), .responseDone(doneResponse), .responseDone(failedResponse),
    .responseOutputItemAdded(responseID: "resp_1", outputIndex: 0, item: agentItem),
    .responseOutputItemDone(responseID: "resp_1", outputIndex: 1, item: call),
    .responseContentPartAdded(address, part: .audio(transcript: "")),
    .responseContentPartDone(address, part: .text("Hello")),
    .responseOutputTextDelta(address, delta: "Hel"), .responseOutputTextDone(address, text: "Hello"),
    .responseOutputAudioTranscriptDelta(address, delta: "Hel\n\u{7}"),
    .responseOutputAudioTranscriptDone(address, transcript: "Hello"),
    .responseOutputAudioDelta(address, audio: [0, 1, 2, 3]), .responseOutputAudioDone(address),
    .responseFunctionCallArgumentsDelta(
      responseID: "resp_1", itemID: "item_3", outputIndex: 1, callID: "call_1", delta: "{\"a\""),
    .responseFunctionCallArgumentsDone(
      responseID: "resp_1", itemID: "item_3", outputIndex: 1, callID: "call_1", name: "look_up",
      arguments: "{\"a\":1}"),
    .outputAudioBufferStarted(responseID: "resp_1"), .outputAudioBufferStopped(responseID: "resp_1"),
    .outputAudioBufferCleared(responseID: "resp_1"),
    .vivaToolCall(callID: "call_1", name: "look_up", status: "in_progress", durationMilliseconds: nil, error: nil),
    .vivaToolCall(
      callID: "call_1", name: "look_up", status: "failed", durationMilliseconds: 1500, error: "No answer in 1.5 s."),
    .vivaResumed(responseID: "resp_3", itemID: "item_2"),
    .vivaLadderChanged(
      LadderStatus(from: 1, to: 3, reason: "asr_failed", since: 1_760_000_000, input: "text", notice: "Please type.")),
    .vivaTranscriptCorrected(itemID: "item_1", transcript: "Hi there."),
    .vivaCallbackOffered([CallbackSlot(id: "mon-9", text: "Monday at 9")]),
    .vivaCallbackChosen(CallbackSlot(id: "mon-9", text: "Monday at 9")),
    .vivaSRTPAnswer(sdp: "v=0\r\n"),
    .vivaRoomParticipantJoined(RoomParticipant(id: "guest_1", kind: .guest, role: .listen)),
    .vivaRoomParticipantLeft(participantID: "guest_1"),
    .vivaRoomRoleChanged(participantID: "guest_2", role: .takeover, previousRole: .speak),
    .vivaRoomActiveSpeaker(participantID: "caller"),
    .vivaRoomMuted(participantID: "caller", isMuted: true, by: "guest_2"),
    .vivaSessionEnded(code: 1001, reason: "session expired"),
  ]
}
