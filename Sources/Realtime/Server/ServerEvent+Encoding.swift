extension ServerEvent {
  /// The event as JSON text in UTF-8. All fields that the protocol requires are there; what OpenAI sends as null
  /// is null.
  public func encoded(eventID: String) -> [UInt8] {
    if case .responseOutputAudioDelta(let address, let audio) = self {
      return AudioDelta.encoded(address, audio: audio, eventID: eventID)
    }
    return RealtimeJSON.encode(Message(event: self, eventID: eventID))
  }

  private struct Message: Encodable {
    let event: ServerEvent
    let eventID: String

    func encode(to encoder: any Encoder) throws {
      var fields = encoder.container(keyedBy: ServerEventKeys.self)
      try fields.encode(event.type, forKey: .type)
      try fields.encode(eventID, forKey: .eventID)
      try event.encodePayload(into: &fields)
    }
  }

  private func encodePayload(into fields: inout KeyedEncodingContainer<ServerEventKeys>) throws {
    switch self {
    case .sessionCreated(let session), .sessionUpdated(let session):
      try fields.encode(session, forKey: .session)
    case .conversationCreated(let id):
      try fields.encode(["id": id, "object": "realtime.conversation"], forKey: .conversation)
    case .rateLimitsUpdated(let limits):
      try fields.encode(limits, forKey: .rateLimits)
    case .error(let error):
      try fields.encode(error, forKey: .error)

    case .conversationItemAdded(let item, let previous), .conversationItemDone(let item, let previous),
      .conversationItemCreated(let item, let previous):
      try fields.encode(previous, forKey: .previousItemID)
      try fields.encode(item.withoutAudio, forKey: .item)
    case .conversationItemRetrieved(let item):
      try fields.encode(item, forKey: .item)
    case .conversationItemDeleted(let id):
      try fields.encode(id, forKey: .itemID)
    case .conversationItemTruncated(let id, let index, let end, let heard):
      try fields.encode(id, index)
      try fields.encode(end, forKey: .audioEndMilliseconds)
      try fields.encodeIfPresent(heard, forKey: .vivaHeard)

    case .inputAudioTranscriptionDelta(let id, let index, let delta, let whole):
      try fields.encode(id, index)
      try fields.encode(delta, forKey: .delta)
      try fields.encodeIfPresent(whole, forKey: .vivaTranscript)
    case .inputAudioTranscriptionCompleted(let id, let index, let transcript, let usage):
      try fields.encode(id, index)
      try fields.encode(transcript, forKey: .transcript)
      try fields.encode(usage, forKey: .usage)
    case .inputAudioTranscriptionSegment(let segment, let id, let index, let text, let speaker, let start, let end):
      try fields.encode(id, index)
      try fields.encode(segment, forKey: .id)
      try fields.encode(text, forKey: .text)
      try fields.encode(speaker, forKey: .speaker)
      try fields.encode(start, forKey: .start)
      try fields.encode(end, forKey: .end)
    case .inputAudioTranscriptionFailed(let id, let index, let error):
      try fields.encode(id, index)
      try fields.encode(error, forKey: .error)

    case .inputAudioBufferCommitted(let id, let previous):
      try fields.encode(previous, forKey: .previousItemID)
      try fields.encode(id, forKey: .itemID)
    case .inputAudioBufferCleared:
      break
    case .inputAudioBufferSpeechStarted(let start, let id):
      try fields.encode(start, forKey: .audioStartMilliseconds)
      try fields.encode(id, forKey: .itemID)
    case .inputAudioBufferSpeechStopped(let end, let id):
      try fields.encode(end, forKey: .audioEndMilliseconds)
      try fields.encode(id, forKey: .itemID)
    case .inputAudioBufferTimeoutTriggered(let start, let end, let id):
      try fields.encode(start, forKey: .audioStartMilliseconds)
      try fields.encode(end, forKey: .audioEndMilliseconds)
      try fields.encode(id, forKey: .itemID)

    case .responseCreated(let response), .responseDone(let response):
      try fields.encode(response, forKey: .response)
    case .responseOutputItemAdded(let response, let index, let item),
      .responseOutputItemDone(let response, let index, let item):
      try fields.encode(response, forKey: .responseID)
      try fields.encode(index, forKey: .outputIndex)
      try fields.encode(item.withoutAudio, forKey: .item)
    case .responseContentPartAdded(let address, let part), .responseContentPartDone(let address, let part):
      try fields.encode(address)
      try fields.encode(part, forKey: .part)
    case .responseOutputTextDelta(let address, let delta), .responseOutputAudioTranscriptDelta(let address, let delta):
      try fields.encode(address)
      try fields.encode(delta, forKey: .delta)
    case .responseOutputTextDone(let address, let text):
      try fields.encode(address)
      try fields.encode(text, forKey: .text)
    case .responseOutputAudioTranscriptDone(let address, let transcript):
      try fields.encode(address)
      try fields.encode(transcript, forKey: .transcript)
    case .responseOutputAudioDelta(let address, let audio):
      try fields.encode(address)
      try fields.encode(Base64.encode(audio), forKey: .delta)
    case .responseOutputAudioDone(let address):
      try fields.encode(address)
    case .responseFunctionCallArgumentsDelta(let response, let id, let index, let call, let delta):
      try fields.encode(response: response, item: id, outputIndex: index, call: call)
      try fields.encode(delta, forKey: .delta)
    case .responseFunctionCallArgumentsDone(let response, let id, let index, let call, let name, let arguments):
      try fields.encode(response: response, item: id, outputIndex: index, call: call)
      try fields.encode(name, forKey: .name)
      try fields.encode(arguments, forKey: .arguments)

    case .outputAudioBufferStarted(let response), .outputAudioBufferStopped(let response),
      .outputAudioBufferCleared(let response):
      try fields.encode(response, forKey: .responseID)

    case .vivaToolCall(let call, let name, let status, let duration, let error):
      try fields.encode(call, forKey: .callID)
      try fields.encode(name, forKey: .name)
      try fields.encode(status, forKey: .status)
      try fields.encodeIfPresent(duration, forKey: .durationMilliseconds)
      try fields.encodeIfPresent(error, forKey: .error)
    case .vivaResumed(let response, let id):
      try fields.encode(response, forKey: .responseID)
      try fields.encode(id, forKey: .itemID)

    case .vivaLadderChanged(let status):
      try fields.encode(status.from, forKey: .from)
      try fields.encode(status.to, forKey: .to)
      try fields.encode(status.reason, forKey: .reason)
      try fields.encode(status.since, forKey: .since)
      try fields.encode(status.input, forKey: .input)
      try fields.encode(status.output, forKey: .output)
      try fields.encode(status.questions, forKey: .questions)
      try fields.encode(status.offersCorrection, forKey: .offersCorrection)
      try fields.encodeIfPresent(status.notice, forKey: .notice)
    case .vivaTranscriptCorrected(let id, let transcript):
      try fields.encode(id, forKey: .itemID)
      try fields.encode(transcript, forKey: .transcript)
    case .vivaCallbackOffered(let slots):
      try fields.encode(slots, forKey: .slots)
    case .vivaCallbackChosen(let slot):
      try fields.encode(slot.id, forKey: .slotID)
      try fields.encode(slot.text, forKey: .text)

    case .vivaSRTPAnswer(let sdp):
      try fields.encode(sdp, forKey: .sdp)
    case .vivaRoomParticipantJoined(let participant):
      try fields.encode(participant, forKey: .participant)
    case .vivaRoomParticipantLeft(let id), .vivaRoomActiveSpeaker(let id):
      try fields.encode(id, forKey: .participantID)
    case .vivaRoomRoleChanged(let id, let role, let previous):
      try fields.encode(id, forKey: .participantID)
      try fields.encode(role, forKey: .role)
      try fields.encode(previous, forKey: .previousRole)
    case .vivaRoomMuted(let id, let isMuted, let by):
      try fields.encode(id, forKey: .participantID)
      try fields.encode(isMuted, forKey: .muted)
      try fields.encode(by, forKey: .by)
    case .vivaSessionEnded(let code, let reason):
      try fields.encode(code, forKey: .code)
      try fields.encode(reason, forKey: .reason)
    }
  }
}

extension KeyedEncodingContainer<ServerEventKeys> {
  fileprivate mutating func encode(_ itemID: String, _ contentIndex: Int) throws {
    try encode(itemID, forKey: .itemID)
    try encode(contentIndex, forKey: .contentIndex)
  }

  fileprivate mutating func encode(_ address: ContentAddress) throws {
    try encode(address.responseID, forKey: .responseID)
    try encode(address.itemID, forKey: .itemID)
    try encode(address.outputIndex, forKey: .outputIndex)
    try encode(address.contentIndex, forKey: .contentIndex)
  }

  fileprivate mutating func encode(response: String, item: String, outputIndex: Int, call: String) throws {
    try encode(response, forKey: .responseID)
    try encode(item, forKey: .itemID)
    try encode(outputIndex, forKey: .outputIndex)
    try encode(call, forKey: .callID)
  }
}
