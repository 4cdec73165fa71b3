import Realtime
import Runtime

/// A response begins, is cut off, ends.
extension SessionCore {
  enum Cancellation: String {
    case turnDetected = "turn_detected"
    case clientCancelled = "client_cancelled"
  }

  mutating func startResponse(
    _ source: ActiveResponse.Source, parameters: ResponseParameters = ResponseParameters(),
    input: [ConversationItem]? = nil, hint: String? = nil, turn: TurnMarks? = nil,
    continuing cutOffItemID: String? = nil, at now: Instant
  ) {
    let modality = parameters.modality ?? session.modality
    var response = ActiveResponse(
      id: makeID("resp"), source: source, parameters: parameters, modality: modality)
    response.input = input
    response.hint = hint
    response.turn = turn
    if case .model = source {
      // What was committed before is part of the question.
      response.isWaiting = input == nil && turns.contains { !$0.isSpeaking }
    }
    self.response = response
    send(.responseCreated(describe(response, status: .inProgress, details: nil)))
    if let cutOffItemID { send(.vivaResumed(responseID: response.id, itemID: cutOffItemID)) }
    guard isWithinBudget(source, at: now) else { return }
    if !response.isWaiting { generate(at: now) }
  }

  /// Asks the key's budget for another answer of the model's; without one the response fails at once.
  private mutating func isWithinBudget(_ source: ActiveResponse.Source, at now: Instant) -> Bool {
    guard case .model = source else { return true }
    let (isAdmitted, limits) = budget.admitResponse(at: now)
    if !limits.isEmpty { send(.rateLimitsUpdated(limits)) }
    guard !isAdmitted else { return true }
    let wait = Int((limits.map(\.resetSeconds).max() ?? 0).rounded(.up))
    finish(
      .failed,
      details: ResponseStatusDetails(
        type: "failed",
        error: .init(
          type: "rate_limit_error", code: "rate_limit_exceeded",
          message: "This key's responses or tokens for the minute are used up. Try again in \(wait) s.")))
    return false
  }

  /// The last transcript that a response waited for is there.
  mutating func startWaitingResponse(at now: Instant) {
    guard response?.isWaiting == true, !turns.contains(where: { !$0.isSpeaking }) else { return }
    response?.isWaiting = false
    generate(at: now)
  }

  /// Cuts the response off. Nothing of it is sent after this; history keeps what was heard.
  mutating func stopResponse(_ reason: Cancellation, at now: Instant) {
    guard let response else { return }
    for call in [response.completion, response.speech?.call].compactMap({ $0 }) { act(.cancel(call)) }
    guard response.joinsConversation else {
      finish(.cancelled, details: ResponseStatusDetails(type: "cancelled", reason: reason.rawValue))
      return
    }
    if response.modality == .audio, let message = response.message {
      let position = message.position(atPlayed: playout.played(at: now.nanoseconds))
      self.response?.message?.truncatedAt = min(position, message.truncatedAt ?? position)
    }
    let truncated = self.response?.message
    let output = finish(
      .cancelled, details: ResponseStatusDetails(type: "cancelled", reason: reason.rawValue))
    if response.modality == .audio, let message = truncated, let position = message.truncatedAt {
      truncate(itemID: message.address.itemID, message: message, to: position)
      truncateUnplayed(at: now)
    }
    // Nothing of the answer reached the user: if the interruption holds no words, the turn is still to be answered.
    // Not so once there was a sound: its own echo would cut off each attempt.
    let wasHeard = truncated?.truncatedAt ?? 0 > 0 || !output.allSatisfy(\.isWordless)
    if reason == .turnDetected, let turn = response.turn, !wasHeard {
      owed = owed ?? OwedAnswer(source: response.source, turn: turn)
    }
  }

  /// All was made and sent.
  mutating func finishIfExhausted() {
    guard let response, response.isExhausted else { return }
    sendRestOfAudio()
    if let failure = response.failure {
      finish(
        .failed,
        details: ResponseStatusDetails(
          type: "failed",
          error: .init(type: "server_error", code: failure.kind.rawValue, message: failure.description)))
    } else if response.finishReason == .length,
      response.parameters.maxOutputTokens != nil || session.limitsTokens
    {
      finish(.incomplete, details: ResponseStatusDetails(type: "incomplete", reason: "max_output_tokens"))
    } else if response.finishReason == .contentFilter {
      finish(.incomplete, details: ResponseStatusDetails(type: "incomplete", reason: "content_filter"))
    } else {
      finish(.completed, details: nil)
    }
  }

  /// Every `*.done`, then `response.done`: once for each response, whatever happened to it.
  ///
  /// - Returns: its items.
  @discardableResult
  private mutating func finish(
    _ status: ResponseStatus, details: ResponseStatusDetails?
  ) -> [ConversationItem] {
    let itemStatus: ItemStatus = status == .completed ? .completed : .incomplete
    finishMessage(itemStatus)
    for index in response?.functionCalls.keys.sorted() ?? [] { finishFunctionCall(index, itemStatus) }
    guard let response else { return [] }
    self.response = nil

    let description = describe(response, status: status, details: details)
    if let usage = description.usage { budget.spend(tokens: usage.inputTokens &+ usage.outputTokens) }
    observe(.response(status: status.rawValue))
    guard response.joinsConversation else {
      send(.responseDone(description))
      return description.output
    }
    record(
      .responseDone(
        responseID: response.id, status: status.rawValue, itemIDs: response.output.compactMap(\.id)),
      then: [.responseDone(description)])
    return description.output
  }

  private mutating func finishMessage(_ status: ItemStatus) {
    guard let message = response?.message, let response else { return }
    let address = message.address
    let item: ConversationItem
    switch response.modality {
    case .audio:
      let said = message.truncatedAt.map { message.spoken.heard(at: $0) } ?? message.text
      send(.responseOutputAudioDone(address))
      send(.responseOutputAudioTranscriptDone(address, transcript: said))
      send(.responseContentPartDone(address, part: .audio(transcript: said)))
      item = .message(
        id: address.itemID, role: .assistant, status: status, parts: [.outputAudio(transcript: said)])
      if response.joinsConversation { spoken[address.itemID] = message }
    case .text:
      send(.responseOutputTextDone(address, text: message.text))
      send(.responseContentPartDone(address, part: .text(message.text)))
      item = .message(
        id: address.itemID, role: .assistant, status: status, parts: [.outputText(message.text)])
    }
    self.response?.message = nil
    complete(item, at: address.outputIndex)
  }

  /// An output item has its final form.
  mutating func complete(_ item: ConversationItem, at outputIndex: Int) {
    guard let response else { return }
    self.response?.finished[outputIndex] = item
    guard response.joinsConversation else {
      send(.responseOutputItemDone(responseID: response.id, outputIndex: outputIndex, item: item))
      return
    }
    let previous = item.id.flatMap { state.itemID(before: $0) }
    send(.responseOutputItemDone(responseID: response.id, outputIndex: outputIndex, item: item))
    record(.itemCompleted(item), then: [.conversationItemDone(item, previousItemID: previous)])
  }

  /// A new output item, at the end of the conversation.
  mutating func open(_ item: ConversationItem, at outputIndex: Int) {
    guard let response else { return }
    send(.responseOutputItemAdded(responseID: response.id, outputIndex: outputIndex, item: item))
    guard response.joinsConversation else { return }
    let previous = state.items.last?.id
    record(
      .itemAdded(item, previousItemID: previous),
      then: [.conversationItemAdded(item, previousItemID: previous)])
  }

  private func describe(
    _ response: ActiveResponse, status: ResponseStatus, details: ResponseStatusDetails?
  ) -> Response {
    var description = Response(id: response.id, status: status)
    description.statusDetails = details
    description.output = response.output
    description.outputModalities = [response.modality]
    description.conversationID = response.joinsConversation ? session.conversationID : nil
    description.metadata = response.parameters.metadata
    description.maxOutputTokens = response.parameters.maxOutputTokens ?? session.maxOutputTokens
    description.audio = .init(
      format: response.parameters.outputFormat ?? session.outputFormat,
      voice: response.parameters.voice ?? session.voice)
    if status != .inProgress {
      description.usage = response.usage.map {
        Usage(inputTokens: $0.inputTokens, outputTokens: $0.outputTokens, cachedTokens: $0.cachedTokens)
      }
      description.viva = response.latency
    }
    return description
  }
}

extension ActiveResponse {
  var output: [ConversationItem] { finished.sorted { $0.key < $1.key }.map(\.value) }

  func owns(itemID: String) -> Bool {
    message?.address.itemID == itemID || functionCalls.values.contains { $0.itemID == itemID }
  }

  /// What the turn cost, stage by stage.
  var latency: ResponseLatency {
    func milliseconds(_ start: Instant?, _ end: Instant?) -> Double? {
      guard let start, let end, end >= start else { return nil }
      return (end - start).inSeconds * 1000
    }
    return ResponseLatency(
      endpointing: milliseconds(turn?.lastVoiced, turn?.ended),
      asr: milliseconds(turn?.ended, turn?.transcribed),
      llmFirstToken: milliseconds(marks.modelAsked, marks.firstToken),
      ttsFirstByte: milliseconds(marks.voiceAsked, marks.firstAudio),
      firstAudioOut: milliseconds(marks.firstAudio, marks.firstSent),
      response: milliseconds(turn?.lastVoiced, marks.firstSent))
  }
}
