import Audio
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
    continuing cutOffItemID: String? = nil, recalled: [EncodedPhrase] = [], at now: Instant
  ) {
    var (source, parameters) = (source, parameters)
    if case .model = source, parameters.joinsConversation, input == nil, let words = substitute(at: now) {
      source = .phrase(words)
      tools.answerBegins()
    }
    if !recalled.isEmpty {
      parameters.modality = .audio
    } else if !ladder.canSpeak {
      parameters.modality = .text
    }
    var response = ActiveResponse(
      id: makeID("resp"), source: source, parameters: parameters, session: session, sendAhead: sendAhead)
    response.input = input
    response.hint = hint
    response.turn = turn
    response.isContinuation = cutOffItemID != nil
    response.recalled = recalled
    if case .model = source {
      // What was committed before is part of the question.
      response.isWaiting = input == nil && ladder.canHear && turns.contains { !$0.isSpeaking }
    }
    self.response = response
    send(.responseCreated(describe(response, status: .inProgress, details: nil)))
    if let cutOffItemID { send(.vivaResumed(responseID: response.id, itemID: cutOffItemID)) }
    guard isWithinBudget(source, at: now) else { return }
    if !response.isWaiting { generate(at: now) }
  }

  /// Tokens of an answer that nobody has limited.
  private static let usualAnswer = 1024

  /// Asks the key's budget for another answer of the model's; without one the response fails at once.
  private mutating func isWithinBudget(_ source: ActiveResponse.Source, at now: Instant) -> Bool {
    guard case .model = source else { return true }
    let limit = response?.settings.maxOutputTokens.tokens ?? agent.sampling.maxTokens ?? Self.usualAnswer
    let admission = budget.admitResponse(reserving: limit, at: now)
    self.response?.reservedTokens = admission.reserved
    if !admission.limits.isEmpty { send(.rateLimitsUpdated(admission.limits)) }
    guard !admission.isAdmitted else { return true }
    if response?.joinsConversation == true {
      // Else it would be asked for again, and refused, with each piece of audio.
      owed = nil
      tools.answerBegins()
    }
    let wait = Int((admission.limits.map(\.resetSeconds).max() ?? 0).rounded(.up))
    finish(
      .failed,
      details: ResponseStatusDetails(
        type: "failed",
        error: .init(
          type: "rate_limit_error", code: "rate_limit_exceeded",
          message: "This key's responses or tokens for the minute are used up. Try again in \(wait) s.")), at: now)
    return false
  }

  /// The last transcript that a response waited for is there.
  mutating func startWaitingResponse(at now: Instant) {
    guard response?.isWaiting == true, !ladder.canHear || !turns.contains(where: { !$0.isSpeaking }) else { return }
    response?.isWaiting = false
    generate(at: now)
  }

  /// Cuts the response off. Nothing of it is sent after this; history keeps what was heard.
  ///
  /// - Parameter keepsTail: what the playout holds is played to its end.
  mutating func stopResponse(_ reason: Cancellation, keepsTail: Bool = false, at now: Instant) {
    guard let response else { return }
    for call in [response.completion, response.speech?.call].compactMap({ $0 }) { act(.cancel(call)) }
    guard response.joinsConversation else {
      finish(.cancelled, details: ResponseStatusDetails(type: "cancelled", reason: reason.rawValue), at: now)
      return
    }
    if response.modality == .audio, let message = response.message {
      let position = keepsTail ? message.sentSamples : message.position(atPlayed: playout.played(at: now))
      self.response?.message?.truncatedAt = min(position, message.truncatedAt ?? position)
    }
    let truncated = self.response?.message
    let output = finish(
      .cancelled, details: ResponseStatusDetails(type: "cancelled", reason: reason.rawValue), at: now)
    if keepsTail, let message = truncated {
      // It may still be cut off; what was never handed over is no part of it.
      let said = message.truncatedAt.map { message.spoken.heard(at: $0) }
      spoken.change(message.address.itemID) {
        $0.text = said ?? message.text
        $0.isTextWhole = true
        $0.truncatedAt = nil
      }
    } else if response.modality == .audio, let message = truncated, let position = message.truncatedAt {
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
  mutating func finishIfExhausted(at now: Instant) {
    guard let response, response.isExhausted else { return }
    sendRestOfAudio(at: now)
    if let failure = response.failure {
      finish(
        .failed,
        details: ResponseStatusDetails(
          type: "failed",
          error: .init(type: "server_error", code: failure.kind.rawValue, message: failure.description)), at: now)
    } else if response.finishReason == .length, response.settings.isLimitedByClient {
      finish(.incomplete, details: ResponseStatusDetails(type: "incomplete", reason: "max_output_tokens"), at: now)
    } else if response.finishReason == .contentFilter {
      finish(.incomplete, details: ResponseStatusDetails(type: "incomplete", reason: "content_filter"), at: now)
    } else {
      finish(.completed, details: nil, at: now)
    }
  }

  /// Every `*.done`, then `response.done`: once for each response, whatever happened to it.
  ///
  /// - Returns: its items.
  @discardableResult
  private mutating func finish(
    _ status: ResponseStatus, details: ResponseStatusDetails?, at now: Instant
  ) -> [ConversationItem] {
    let itemStatus: ItemStatus = status == .completed ? .completed : .incomplete
    finishMessage(itemStatus)
    for index in response?.functionCalls.keys.sorted() ?? [] { finishFunctionCall(index, itemStatus) }
    guard let response else { return [] }
    self.response = nil

    let description = describe(response, status: status, details: details)
    if response.reservedTokens > 0 || response.isOfModel {
      budget.settle(reserved: response.reservedTokens, used: response.tokensUsed, at: now)
    }
    observe(.response(status: status.rawValue))
    guard response.joinsConversation else {
      send(.responseDone(description))
      return description.output
    }
    record(
      .responseDone(
        responseID: response.id, status: status.rawValue, itemIDs: response.output.compactMap(\.id)),
      then: [.responseDone(description)])
    endVoice(of: response.id, at: now)
    return description.output
  }

  private mutating func finishMessage(_ status: ItemStatus) {
    guard var message = response?.message, let response else { return }
    let address = message.address
    // It grew by tokens; it is kept as long as the conversation, so without the room for more.
    message.text = String(decoding: message.text.utf8, as: UTF8.self)
    let item: ConversationItem
    switch response.modality {
    case .audio:
      let said = message.truncatedAt.map { message.spoken.heard(at: $0) } ?? message.text
      send(.responseOutputAudioDone(address))
      send(.responseOutputAudioTranscriptDone(address, transcript: said))
      send(.responseContentPartDone(address, part: .audio(transcript: said)))
      item = .message(
        id: address.itemID, role: .assistant, status: status, parts: [.outputAudio(transcript: said)])
      if response.joinsConversation { spoken.append(message) }
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
    description.maxOutputTokens = response.settings.maxOutputTokens
    description.audio = .init(format: response.settings.format, voice: response.settings.voice)
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

  fileprivate var isOfModel: Bool { if case .model = source { true } else { false } }

  func owns(itemID: String) -> Bool {
    message?.address.itemID == itemID || functionCalls.values.contains { $0.itemID == itemID }
  }

  /// In and out. A response that was cut off has no word from the model's server: then as many as its words take.
  var tokensUsed: Int {
    if let usage {
      let (tokens, isTooMany) = max(0, usage.inputTokens).addingReportingOverflow(max(0, usage.outputTokens))
      return isTooMany ? .max : tokens
    }
    return (charactersRead + charactersWritten) / Self.charactersPerToken
  }

  static let charactersPerToken = 4

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
      response: milliseconds(turn?.lastVoiced, marks.firstSent),
      cached: isCached ? true : nil)
  }
}
