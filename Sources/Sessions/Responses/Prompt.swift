import VivaConfiguration
import Realtime
import Workers

/// What the language model is asked: instructions, example turns, and the conversation as both sides heard it.
struct Prompt {
  let agent: Agent
  let session: RealtimeSession
  let items: [ConversationItem]

  func request(for response: ActiveResponse) -> CompletionRequest {
    let parameters = response.parameters
    var messages: [ChatMessage] = []
    let goOn = response.saidBeforeBreak == nil ? nil : Self.goOn
    let instructions = [parameters.instructions ?? session.instructions, response.hint, goOn].compactMap { $0 }
    let system = instructions.filter { !$0.isEmpty }.joined(separator: "\n\n")
    if !system.isEmpty { messages.append(.system(system)) }
    for example in agent.examples {
      messages += [.user(example.user), .assistant(example.assistant)]
    }
    messages += recent(conversation())
    if let said = response.saidBeforeBreak {
      // Models go on better from a word than from a space.
      messages.append(.assistant(String(said.reversed().drop(while: \.isWhitespace).reversed())))
    }

    var request = CompletionRequest(messages: messages, sampling: sampling(for: response))
    request.avoids = response.avoided
    request.tools = tools(for: response)
    request.parallelToolCalls = parameters.parallelToolCalls ?? session.parallelToolCalls
    request.reasoningEffort = (parameters.reasoningEffort ?? session.reasoningEffort)?.rawValue
    request.toolChoice = (parameters.toolChoice ?? session.toolChoice).workerChoice
    return request
  }

  /// The client's functions, and the agent's own in the conversation: a name that both have is the client's.
  private func tools(for response: ActiveResponse) -> [FunctionTool] {
    let declared = response.parameters.tools ?? session.tools
    var tools = declared.map {
      FunctionTool(name: $0.name, description: $0.description, parameters: $0.parametersJSON)
    }
    guard response.parameters.tools == nil, response.joinsConversation else { return tools }
    for tool in agent.tools where !declared.contains(where: { $0.name == tool.name }) {
      tools.append(FunctionTool(name: tool.name, description: tool.description, parameters: tool.parameters))
    }
    return tools
  }

  static let goOn =
    "Your last message breaks off in the middle. Go on exactly where it stops, without repeating any of it."

  private func sampling(for response: ActiveResponse) -> Sampling {
    let asked = response.parameters.maxOutputTokens ?? session.maxOutputTokens
    let limit = asked.tokens ?? agent.sampling.maxTokens
    let used = (response.saidBeforeBreak?.utf8.count ?? 0) / ActiveResponse.charactersPerToken
    return Sampling(
      temperature: agent.sampling.temperature, topP: agent.sampling.topP,
      maxTokens: limit.map { used > 0 ? max(1, $0 - used) : $0 }, stop: agent.sampling.stop)
  }

  /// The conversation as chat messages. Function calls that stand together are one message, and what they gave
  /// comes right behind it, as models insist. Calls that were cut off are left out; of those that have given nothing
  /// yet the model is told so, or it would call once more.
  private func conversation() -> [ChatMessage] {
    let outputs = functionOutputs()
    let later = callsBehindMessages(outputs)
    var messages: [ChatMessage] = []
    var calls: [ToolCall] = []
    func endCalls() {
      guard !calls.isEmpty else { return }
      messages.append(.toolCalls(calls))
      for call in calls {
        messages.append(.toolResult(callID: call.callID, output: outputs[call.callID]?.text ?? Self.noOutputYet))
      }
      calls = []
    }
    for (index, item) in items.enumerated() {
      switch item.content {
      case .message(let role, _):
        guard let text = item.words else { continue }
        endCalls()
        switch role {
        case .system: messages.append(.system(text))
        case .user: messages.append(.user(text))
        case .assistant: messages.append(.assistant(text))
        }
        calls = later.calls[index] ?? []
      case .functionCall:
        if !later.indices.contains(index), let call = item.wholeCall { calls.append(call) }
      case .functionCallOutput:
        endCalls()
      }
    }
    endCalls()
    return messages
  }

  /// Calls that the assistant spoke behind, with a filler say, before they had given anything. Together with what they
  /// gave they stand behind its last such words: else the conversation would end with the assistant, as if nothing
  /// were left to say.
  ///
  /// - Returns: the calls, by the index of the message that they stand behind, and their own indices.
  private func callsBehindMessages(
    _ outputs: [String: (index: Int, text: String)]
  ) -> (calls: [Int: [ToolCall]], indices: Set<Int>) {
    var calls: [Int: [ToolCall]] = [:]
    var indices: Set<Int> = []
    for (index, item) in items.enumerated() {
      guard let call = item.wholeCall, let end = outputs[call.callID]?.index, index < end,
        let last = items[index..<end].lastIndex(where: { $0.isAssistantMessage && $0.words != nil })
      else { continue }
      calls[last, default: []].append(call)
      indices.insert(index)
    }
    return (calls, indices)
  }

  private static let noOutputYet = #"{"status":"in_progress"}"#

  /// What each function call gave, and where that stands, by call id.
  private func functionOutputs() -> [String: (index: Int, text: String)] {
    var outputs: [String: (index: Int, text: String)] = [:]
    for (index, item) in items.enumerated() {
      if case .functionCallOutput(let callID, let output) = item.content { outputs[callID] = (index, output) }
    }
    return outputs
  }

  /// How many characters of a conversation of `total` the model is shown.
  ///
  /// With a retention ratio more is left out than need be, and always the same for a while, so that the beginning of the
  /// prompt stays as the model's cache has it.
  private func budget(for total: Int) -> Int {
    guard case .retentionRatio(let ratio, let tokens) = session.truncation else { return agent.historyCharacters }
    // About four characters a token.
    let budget = min(agent.historyCharacters, tokens.map { min(max($0, 1), 1_000_000) * 4 } ?? .max)
    guard total > budget else { return budget }
    let step = max(1, Int((Double(budget) * (1 - ratio)).rounded()))
    let steps = (total - budget + step - 1) / step
    return max(1, total - steps * step)
  }

  /// The newest messages that fit the agent's context; a tool result never without its call.
  private func recent(_ messages: [ChatMessage]) -> [ChatMessage] {
    guard session.truncatesAutomatically else { return messages }
    var budget = budget(for: messages.reduce(0) { $0 + $1.characters })
    var start = messages.endIndex
    while start > messages.startIndex, budget > 0 {
      budget -= messages[start - 1].characters
      if budget < 0, start < messages.endIndex { break }
      start -= 1
    }
    let rest = messages[start...].drop { if case .toolResult = $0 { true } else { false } }
    if !rest.isEmpty { return Array(rest) }
    // The newest results alone are more than the budget: without them the model would know nothing at all.
    while start > messages.startIndex, case .toolResult = messages[start] { start -= 1 }
    return Array(messages[start...])
  }
}

extension ChatMessage {
  var characters: Int {
    switch self {
    case .system(let text), .user(let text), .assistant(let text), .toolResult(_, let text): text.count
    case .toolCalls(let calls): calls.reduce(0) { $0 + $1.name.count + $1.arguments.count }
    }
  }
}

extension ConversationItem {
  /// Of a message; nil where it holds none.
  fileprivate var words: String? {
    guard case .message(_, let parts) = content else { return nil }
    let text = parts.compactMap(\.text).joined(separator: "\n")
    return text.isEmpty ? nil : text
  }

  /// A call that was not cut off.
  fileprivate var wholeCall: ToolCall? {
    guard status == .completed, case .functionCall(let name, let callID, let arguments) = content else { return nil }
    return ToolCall(callID: callID, name: name, arguments: arguments)
  }
}
