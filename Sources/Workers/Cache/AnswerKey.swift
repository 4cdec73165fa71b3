import Signing

/// What was asked of a language model, whichever it is: SHA-256 of messages, functions and sampling. Each part goes in
/// with its length, so that no two requests read the same.
struct AnswerKey: Hashable, Sendable {
  private let digest: [UInt8]

  init(_ request: CompletionRequest) {
    var content = Content()
    content.add(request.messages.count)
    for message in request.messages { content.add(message) }
    content.add(request.tools.count)
    for tool in request.tools {
      content.add(tool.name)
      content.add(tool.description)
      content.add(tool.parameters)
    }
    content.add("\(request.toolChoice)")
    content.add(request.sampling.temperature.map { "\($0)" })
    content.add(request.sampling.topP.map { "\($0)" })
    content.add(request.sampling.maxTokens.map { "\($0)" })
    content.add(request.sampling.stop.count)
    for stop in request.sampling.stop { content.add(stop) }
    content.add(request.parallelToolCalls.map { "\($0)" })
    content.add(request.reasoningEffort)
    digest = SHA256.hash(content.bytes)
  }

  private struct Content {
    var bytes: [UInt8] = []

    mutating func add(_ number: Int) {
      withUnsafeBytes(of: UInt64(bitPattern: Int64(number)).littleEndian) { bytes += $0 }
    }

    /// nil is another thing than nothing.
    mutating func add(_ text: String?) {
      guard let text else { return add(-1) }
      add(text.utf8.count)
      bytes += text.utf8
    }

    mutating func add(_ message: ChatMessage) {
      switch message {
      case .system(let text): addAll("system", text)
      case .user(let text): addAll("user", text)
      case .assistant(let text): addAll("assistant", text)
      case .toolCalls(let calls):
        add("calls")
        add(calls.count)
        for call in calls { addAll(call.callID, call.name, call.arguments) }
      case .toolResult(let callID, let output): addAll("result", callID, output)
      }
    }

    private mutating func addAll(_ texts: String...) {
      for text in texts { add(text) }
    }
  }
}
