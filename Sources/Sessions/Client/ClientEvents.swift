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
      send(.error(error))
    }
  }

  private mutating func perform(_ body: ClientEvent.Body, at now: Instant) throws(RealtimeError) {
    switch body {
    case .sessionUpdate(let patch): try updateSession(patch, at: now)
    case .inputAudioBufferAppend(let audio): appendAudio(audio, at: now)
    case .inputAudioBufferCommit: try commitAudio(at: now)
    case .inputAudioBufferClear: clearAudio()
    case .outputAudioBufferClear:
      throw .invalidRequest(
        code: "unsupported_event",
        message:
          "output_audio_buffer.clear is for WebRTC. Over a WebSocket, stop your player and send conversation.item.truncate.",
        param: "type")
    case .conversationItemCreate(let item, let previous): try createItem(item, after: previous, at: now)
    case .conversationItemRetrieve(let id): try retrieveItem(id)
    case .conversationItemTruncate(let id, let content, let end):
      try truncateItem(id, contentIndex: content, audioEndMilliseconds: end)
    case .conversationItemDelete(let id): try deleteItem(id)
    case .responseCreate(let parameters): try createResponse(parameters, at: now)
    case .responseCancel(let id): try cancelResponse(id, at: now)
    }
  }

  private mutating func updateSession(_ patch: SessionPatch, at now: Instant) throws(RealtimeError) {
    let isSounding = response?.message?.playoutStart != nil
    let updated = try session.applying(patch, audioHasBeenProduced: !spoken.isEmpty || isSounding)
    if updated.turnDetection != session.turnDetection {
      configureTurnDetection(updated.turnDetection, at: now)
    }
    session = updated
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
    greetingDue = nil
    if let response {
      throw .invalidRequest(
        code: "conversation_already_has_active_response",
        message:
          "Conversation already has an active response in progress: \(response.id). Wait until the response is finished before creating a new one.",
        param: nil)
    }
    if parameters.isOutOfBand {
      throw .invalidRequest(
        code: "unsupported_parameter",
        message:
          "Out-of-band responses (conversation: \"none\", input) are not supported yet. Add items to the conversation and leave the field out.",
        param: parameters.input != nil ? "response.input" : "response.conversation")
    }
    guard state.items.count < limits.items else { throw conversationFull }
    startResponse(.model, parameters: parameters, at: now)
  }

  private mutating func cancelResponse(_ id: String?, at now: Instant) throws(RealtimeError) {
    guard let response, id == nil || id == response.id else {
      throw .invalidRequest(
        code: "response_cancel_not_active",
        message: "Cancellation failed: no active response found\(id.map { " with id \($0)" } ?? "").",
        param: "response_id")
    }
    stopResponse(.clientCancelled, at: now)
    owed = nil
  }
}
