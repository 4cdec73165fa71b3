import Realtime
import Runtime
import Workers

/// From the conversation to words: the language model's part of a response.
extension SessionCore {
  mutating func generate(at now: Instant) {
    guard let response else { return }
    let readsConversation = response.joinsConversation && response.input == nil
    // Whatever was said until now is part of the question.
    if readsConversation { owed = nil }
    switch response.source {
    case .phrase(let text):
      take(text: text, at: now)
      endGeneration(nil, at: now)
    case .model:
      // And so is what tools have found out.
      if readsConversation { tools.answerBegins() }
      askModel(at: now)
    }
  }

  mutating func askModel(at now: Instant) {
    guard let response else { return }
    let call = newCall()
    self.response?.completion = call
    self.response?.hasAdvanced = false
    if response.marks.modelAsked == nil { self.response?.marks.modelAsked = now }
    let prompt = Prompt(agent: agent, session: session, items: response.input ?? state.items)
    var request = prompt.request(for: response)
    request.isAhead = isAhead
    self.response?.charactersRead += request.messages.reduce(0) { $0 + $1.characters }
    act(.complete(call, request))
  }

  mutating func completionAdvanced(_ call: CallID, _ event: CompletionEvent, at now: Instant) {
    guard response?.completion == call else { return }
    switch event {
    case .text(let text):
      if response?.marks.firstToken == nil { markFirstToken(at: now) }
      response?.charactersWritten += text.utf8.count
      takeNew(text: text, at: now)
    case .toolCallStarted(let index, let callID, let name):
      if response?.marks.firstToken == nil { markFirstToken(at: now) }
      startFunctionCall(index, callID: callID, name: name)
    case .toolCallArguments(let index, let delta):
      extendFunctionCall(index, delta)
    case .usage(let usage):
      response?.take(usage)
    case .cached(let error):
      response?.isCached = true
      observe(.cachedAnswer)
      failed(.llm, error, at: now)
    case .finished(let reason):
      response?.completion = nil
      if response?.isCached == false { worked(.llm, at: now) }
      endSeam(at: now)
      for (index, call) in response?.functionCalls.sorted(by: { $0.key < $1.key }) ?? [] {
        finishFunctionCall(index, .completed)
        runTool(for: call, at: now)
      }
      endGeneration(reason, at: now)
    }
  }

  private mutating func markFirstToken(at now: Instant) {
    response?.marks.firstToken = now
    if let asked = response?.marks.modelAsked { observe(.latency(.llmFirstToken, now - asked)) }
  }

  // MARK: Text

  mutating func take(text: String, at now: Instant) {
    guard response != nil, !text.isEmpty else { return }
    openMessage()
    guard let message = response?.message else { return }
    response?.message?.text += text
    if response?.modality == .text {
      send(.responseOutputTextDelta(message.address, delta: text))
    } else {
      for clause in response?.splitter.append(text) ?? [] {
        response?.clauses.append(PendingClause(text: clause))
      }
      speakNext(at: now)
    }
  }

  private mutating func openMessage() {
    guard let response, response.message == nil else { return }
    let address = ContentAddress(
      responseID: response.id, itemID: makeID("item"), outputIndex: response.outputCount, contentIndex: 0)
    self.response?.outputCount += 1
    self.response?.message = MessageOutput(
      address: address, format: response.settings.format, voice: response.settings.voice)
    open(
      .message(id: address.itemID, role: .assistant, status: .inProgress, parts: []), at: address.outputIndex)
    send(
      .responseContentPartAdded(
        address, part: response.modality == .audio ? .audio(transcript: "") : .text("")))
  }

  mutating func endGeneration(_ reason: FinishReason?, at now: Instant) {
    response?.generationEnded = true
    response?.finishReason = reason
    if let rest = response?.splitter.finish(), response?.modality == .audio {
      if reason == .length, isLimitedByAgent, response?.hasClauses == true {
        // The agent's own limit cut a sentence in two: it ends with the last whole one.
        response?.message?.text.removeLast(rest.count)
        response?.finishReason = .stop
      } else {
        response?.clauses.append(PendingClause(text: rest))
      }
    }
    response?.message?.isTextWhole = true
    speakNext(at: now)
    finishIfExhausted(at: now)
  }

  /// The client set no limit, so the agent's did it.
  private var isLimitedByAgent: Bool { response?.settings.isLimitedByClient == false }

  // MARK: Function calls

  private mutating func startFunctionCall(_ index: Int, callID: String, name: String) {
    guard let response, response.functionCalls[index] == nil else { return }
    // Some servers number the calls of each answer anew, or not at all.
    let isTaken =
      callID.isEmpty || state.hasFunctionCall(callID)
      || response.functionCalls.values.contains { $0.callID == callID }
    let call = FunctionCallOutput(
      itemID: makeID("item"), outputIndex: response.outputCount, callID: isTaken ? makeID("call") : callID, name: name)
    self.response?.outputCount += 1
    self.response?.functionCalls[index] = call
    open(call.item(.inProgress), at: call.outputIndex)
  }

  private mutating func extendFunctionCall(_ index: Int, _ delta: String) {
    guard let response, let call = response.functionCalls[index], !delta.isEmpty else { return }
    self.response?.functionCalls[index]?.arguments += delta
    self.response?.charactersWritten += delta.utf8.count
    send(
      .responseFunctionCallArgumentsDelta(
        responseID: response.id, itemID: call.itemID, outputIndex: call.outputIndex, callID: call.callID,
        delta: delta))
  }

  mutating func finishFunctionCall(_ index: Int, _ status: ItemStatus) {
    guard let response, let call = response.functionCalls[index] else { return }
    send(
      .responseFunctionCallArgumentsDone(
        responseID: response.id, itemID: call.itemID, outputIndex: call.outputIndex, callID: call.callID,
        name: call.name, arguments: call.arguments))
    self.response?.functionCalls[index] = nil
    complete(call.item(status), at: call.outputIndex)
  }

  // MARK: Failure

  mutating func completionFailed(_ call: CallID, _ error: WorkerError, at now: Instant) {
    guard response?.completion == call else { return }
    response?.completion = nil
    // A model that broke off does not show that nobody answers; the one that is asked to go on does.
    if response?.hasAdvanced == true || error.kind == .emptyReply, goesOn(afterBreak: error, at: now) { return }
    failed(.llm, error, at: now)
    if response?.hasAdvanced == false, goesOn(afterBreak: error, at: now) { return }
    if response?.outputCount == 0, answersWithoutModel, let words = substitute(at: now) {
      response?.source = .phrase(words)
      return generate(at: now)
    }
    if response?.outputCount == 0, error.isRetryable, response?.completionRetry.failed(at: now) == true { return }
    response?.failure = error
    if response?.message == nil { take(text: agent.apology, at: now) }
    endGeneration(nil, at: now)
  }

  /// Whether the response may be something else than the model's answer.
  private var answersWithoutModel: Bool {
    guard let response else { return false }
    return response.joinsConversation && response.input == nil
  }

  mutating func retryCompletion(at now: Instant) {
    if response?.completionRetry.take(at: now) == true { askModel(at: now) }
  }
}

extension FunctionCallOutput {
  fileprivate func item(_ status: ItemStatus) -> ConversationItem {
    .functionCall(id: itemID, status: status, name: name, callID: callID, arguments: arguments)
  }
}

extension ActiveResponse {
  /// Whether a clause was complete before now.
  fileprivate var hasClauses: Bool { !clauses.isEmpty || speech != nil || spokeAnything }
}
