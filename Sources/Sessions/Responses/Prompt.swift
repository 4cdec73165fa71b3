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
    let instructions = [parameters.instructions ?? session.instructions, response.hint].compactMap { $0 }
    let system = instructions.filter { !$0.isEmpty }.joined(separator: "\n\n")
    if !system.isEmpty { messages.append(.system(system)) }
    for example in agent.examples {
      messages += [.user(example.user), .assistant(example.assistant)]
    }
    messages += recent(conversation())

    var request = CompletionRequest(messages: messages, sampling: sampling(for: parameters))
    request.tools = (parameters.tools ?? session.tools).map {
      FunctionTool(name: $0.name, description: $0.description, parameters: $0.parametersJSON)
    }
    request.toolChoice = (parameters.toolChoice ?? session.toolChoice).workerChoice
    return request
  }

  private func sampling(for parameters: ResponseParameters) -> Sampling {
    let asked = parameters.maxOutputTokens ?? session.maxOutputTokens
    return Sampling(
      temperature: agent.sampling.temperature, topP: agent.sampling.topP,
      maxTokens: asked.tokens ?? agent.sampling.maxTokens, stop: agent.sampling.stop)
  }

  /// The conversation as chat messages. Function calls that stand together are one message.
  private func conversation() -> [ChatMessage] {
    var messages: [ChatMessage] = []
    for item in items {
      switch item.content {
      case .message(let role, let parts):
        let text = parts.compactMap(\.text).joined(separator: "\n")
        guard !text.isEmpty else { continue }
        switch role {
        case .system: messages.append(.system(text))
        case .user: messages.append(.user(text))
        case .assistant: messages.append(.assistant(text))
        }
      case .functionCall(let name, let callID, let arguments):
        let call = ToolCall(callID: callID, name: name, arguments: arguments)
        if case .toolCalls(let calls) = messages.last {
          messages[messages.count - 1] = .toolCalls(calls + [call])
        } else {
          messages.append(.toolCalls([call]))
        }
      case .functionCallOutput(let callID, let output):
        messages.append(.toolResult(callID: callID, output: output))
      }
    }
    return messages
  }

  /// The newest messages that fit the agent's context; a tool result never without its call.
  private func recent(_ messages: [ChatMessage]) -> [ChatMessage] {
    guard session.truncatesAutomatically else { return messages }
    var budget = agent.historyCharacters
    var start = messages.endIndex
    while start > messages.startIndex, budget > 0 {
      budget -= messages[start - 1].characters
      if budget < 0, start < messages.endIndex { break }
      start -= 1
    }
    while start < messages.endIndex, case .toolResult = messages[start] { start += 1 }
    return Array(messages[start...])
  }
}

extension ChatMessage {
  fileprivate var characters: Int {
    switch self {
    case .system(let text), .user(let text), .assistant(let text), .toolResult(_, let text): text.count
    case .toolCalls(let calls): calls.reduce(0) { $0 + $1.name.count + $1.arguments.count }
    }
  }
}
