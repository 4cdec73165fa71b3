import Realtime
import Runtime

/// What the client says: one event, one answer.
extension SessionCore {
  mutating func handle(_ event: ClientEvent, at now: Instant) {
    do throws(RealtimeError) {
      try perform(event.body, at: now)
    } catch {
      var error = error
      error.eventID = event.eventID
      act(.reply(.error(error)))
    }
  }

  mutating func handle(packet: [UInt8], at now: Instant) {
    guard session.inputFormat == .opus || playout.isServed else {
      return act(
        .reply(
          .error(
            .invalidRequest(
              code: "invalid_message",
              message:
                "Binary frames are Opus packets: set session.audio.input.format to {\"type\": \"audio/opus\"} first. Other audio goes as base64 in input_audio_buffer.append.",
              param: nil))))
    }
    handle(ClientEvent(.inputAudioBufferAppend(audio: packet)), at: now)
  }

  private mutating func perform(_ body: ClientEvent.Body, at now: Instant) throws(RealtimeError) {
    try checkKind(body)
    switch body {
    case .sessionUpdate(let patch): try updateSession(patch, at: now)
    case .inputAudioBufferAppend(let audio): try appendAudio(audio, at: now)
    case .inputAudioBufferCommit: try commitAudio(at: now)
    case .inputAudioBufferClear: clearAudio()
    case .outputAudioBufferClear: try clearOutputAudio(at: now)
    case .conversationItemCreate(let item, let previous): try createItem(item, after: previous, at: now)
    case .conversationItemRetrieve(let id): try retrieveItem(id)
    case .conversationItemTruncate(let id, let content, let end):
      try truncateItem(id, contentIndex: content, audioEndMilliseconds: end, at: now)
    case .conversationItemDelete(let id): try deleteItem(id)
    case .responseCreate(let parameters): try createResponse(parameters, at: now)
    case .responseCancel(let id): try cancelResponse(id, at: now)
    case .transcriptCorrect(let id, let transcript): try correctTranscript(id, transcript, at: now)
    case .callbackChoose(let slotID): try chooseCallback(slotID)
    case .roomTakeover, .roomHandback, .roomMute: throw .noRoom
    }
  }

  /// A transcription session hears and writes down; nobody answers in it.
  private func checkKind(_ body: ClientEvent.Body) throws(RealtimeError) {
    guard session.kind == .transcription else { return }
    switch body {
    case .conversationItemCreate, .conversationItemTruncate, .responseCreate, .responseCancel:
      throw .invalidRequest(
        code: "unsupported_event",
        message:
          "A transcription session takes audio and gives transcripts: it has no responses and no items of the client's. Open a session of type 'realtime' for those.",
        param: "type")
    default: break
    }
  }

  private mutating func updateSession(_ patch: SessionPatch, at now: Instant) throws(RealtimeError) {
    let updated = try wantedSession.applying(patch, audioHasBeenProduced: hasSounded)
    guard updated.speed == session.speed || response == nil && outOfBand.isEmpty else {
      throw .invalidRequest(
        code: "cannot_update_speed",
        message: "The speed can be changed between responses only. Wait for response.done, or cancel the response.",
        param: "session.audio.output.speed")
    }
    // What the agent was saying may be what it must not say any more.
    if updated != wantedSession { cutOff = nil }
    if updated.turnDetection != session.turnDetection {
      configureTurnDetection(updated.turnDetection, at: now)
    }
    if updated.inputFormat != session.inputFormat { input.expect(updated.inputFormat.encoding) }
    if updated.noiseReduction != session.noiseReduction { input.reduceNoise(updated.noiseReduction) }
    takeWanted(updated)
    send(.sessionUpdated(session))
    greetIfReady(at: now)
  }

  /// The client has shown how it wants the session: the greeting waits only for what it may say in the same breath.
  mutating func greetIfReady(at now: Instant) {
    if let due = greetingDue { greetingDue = min(due, now + .milliseconds(100)) }
  }

  private mutating func createResponse(_ parameters: ResponseParameters, at now: Instant)
    throws(RealtimeError)
  {
    let input = try resolve(parameters.input)
    guard parameters.joinsConversation else { return try startOutOfBand(parameters, input: input, at: now) }
    guard !isSilenced else {
      throw .invalidRequest(
        code: "floor_taken",
        message:
          "A person speaks in the agent's place. Send viva.room.handback first, or ask for a response with conversation 'none'.",
        param: nil)
    }
    if let response {
      throw .invalidRequest(
        code: "conversation_already_has_active_response",
        message:
          "Conversation already has an active response in progress: \(response.id). Wait until the response is finished before creating a new one.",
        param: nil)
    }
    guard state.items.count < limits.items else { throw conversationFull }
    greetingDue = nil
    cutOff = nil
    tools.chainEnds()
    startResponse(.model, parameters: parameters, input: input, at: now)
  }

  /// The items that a response is to read instead of the conversation; nil when it reads the conversation.
  private func resolve(_ input: [ResponseParameters.Input]?) throws(RealtimeError) -> [ConversationItem]? {
    guard let input else { return nil }
    var items: [ConversationItem] = []
    for (index, entry) in input.enumerated() {
      switch entry {
      case .reference(let id):
        guard let item = state.item(id) else {
          throw unknownItem(id, code: "item_reference_invalid_item_id", param: "response.input[\(index)].id")
        }
        items.append(item)
      case .item(var item):
        if item.takeInputAudio() != nil, item.isWordless {
          throw .invalidRequest(
            code: "unsupported_value",
            message:
              "Audio in response.input is not transcribed. Give its transcript with it, or create the item in the conversation and refer to it with an item_reference.",
            param: "response.input[\(index)].content")
        }
        // What a client creates is complete.
        item.status = .completed
        items.append(item)
      }
    }
    return items
  }

  private mutating func cancelResponse(_ id: String?, at now: Instant) throws(RealtimeError) {
    if let id, cancelOutOfBand(id, at: now) { return }
    guard let response, id == nil || id == response.id else {
      throw .invalidRequest(
        code: "response_cancel_not_active",
        message: "Cancellation failed: no active response found\(id.map { " with id \($0)" } ?? "").",
        param: "response_id")
    }
    // What a playout of the server's holds is still played: output_audio_buffer.clear is what stops it.
    stopResponse(.clientCancelled, keepsTail: playout.isServed, at: now)
    owed = nil
  }
}
