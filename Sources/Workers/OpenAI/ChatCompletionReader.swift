import Foundation

/// Makes completion events of the chunks of a streamed chat completion.
///
/// Usage comes after the finish reason, so `.finished` is held back until `end`.
struct ChatCompletionReader {
  private static let maximumToolCalls = 128
  /// Of text and arguments together, in bytes: a model that goes on has lost its way.
  private static let maximumText = 256 << 10
  /// What clients may name a call and a function by, in bytes: Realtime's own limits.
  private static let longestID = 128
  private static let longestName = 64

  private struct Chunk: Decodable {
    struct Choice: Decodable {
      var delta: Delta?
      var finishReason: String?

      enum CodingKeys: String, CodingKey {
        case delta
        case finishReason = "finish_reason"
      }
    }
    struct Delta: Decodable {
      var content: String?
      var toolCalls: [ToolCallDelta]?

      enum CodingKeys: String, CodingKey {
        case content
        case toolCalls = "tool_calls"
      }
    }
    struct ToolCallDelta: Decodable {
      struct Function: Decodable {
        var name: String?
        var arguments: String?
      }
      var index: Int?
      var id: String?
      var function: Function?
    }
    struct Usage: Decodable {
      struct Details: Decodable {
        var cachedTokens: Int?
        enum CodingKeys: String, CodingKey { case cachedTokens = "cached_tokens" }
      }
      var promptTokens: Int?
      var completionTokens: Int?
      var promptDetails: Details?

      enum CodingKeys: String, CodingKey {
        case promptTokens = "prompt_tokens"
        case completionTokens = "completion_tokens"
        case promptDetails = "prompt_tokens_details"
      }
    }

    var choices: [Choice]?
    var usage: Usage?
    var error: OpenAIError?
  }

  private let worker: String
  /// White space before the first word, which is no result yet.
  private var leading = ""
  private var hasText = false
  /// Bytes of text and arguments so far.
  private var length = 0
  private var finishReason: FinishReason?
  /// The server's index and id of each call, in the order of their beginning.
  private var toolCalls: [(index: Int, id: String)] = []

  /// The server said `[DONE]`.
  private(set) var isDone = false

  init(worker: String) {
    self.worker = worker
  }

  var hasResult: Bool { hasText || !toolCalls.isEmpty }

  /// - Throws: `WorkerError` of kind `.malformed`, or `.refused` where the server reports an error in the stream.
  mutating func read(_ data: String) throws -> [CompletionEvent] {
    guard data != "[DONE]" else {
      isDone = true
      return []
    }
    guard let chunk = try? JSONDecoder().decode(Chunk.self, from: Data(data.utf8)) else {
      throw WorkerError(.malformed, worker: worker, message: "chunk is not as the protocol has it")
    }
    if let error = chunk.error {
      throw WorkerError(.refused, worker: worker, message: error.message, status: error.status)
    }
    var events: [CompletionEvent] = []
    if let choice = chunk.choices?.first {
      if let text = choice.delta?.content { events += try read(text: text) }
      for call in choice.delta?.toolCalls ?? [] { events += try read(call) }
      if let reason = choice.finishReason { finishReason = Self.finishReason(reason) }
    }
    if let usage = chunk.usage {
      events.append(
        .usage(
          TokenUsage(
            inputTokens: usage.promptTokens ?? 0, outputTokens: usage.completionTokens ?? 0,
            cachedTokens: usage.promptDetails?.cachedTokens ?? 0)))
    }
    return events
  }

  /// To be called after `[DONE]` or at the end of the body.
  ///
  /// - Throws: `WorkerError` of kind `.connection` if the reply was cut off, `.emptyReply` if it said nothing.
  func end() throws -> CompletionEvent {
    guard isDone || finishReason != nil else {
      throw WorkerError(.connection, worker: worker, message: "connection closed before the end of the reply")
    }
    guard hasResult else {
      throw WorkerError(.emptyReply, worker: worker, message: "neither text nor a tool call")
    }
    return .finished(finishReason ?? (toolCalls.isEmpty ? .stop : .toolCalls))
  }

  private mutating func count(_ text: String) throws {
    length += text.utf8.count
    guard length <= Self.maximumText else {
      throw WorkerError(.malformed, worker: worker, message: "more than \(Self.maximumText) bytes of text")
    }
  }

  private mutating func read(text: String) throws -> [CompletionEvent] {
    try count(text)
    guard !hasText else { return text.isEmpty ? [] : [.text(text)] }
    leading += text
    guard text.contains(where: { !$0.isWhitespace }) else { return [] }
    hasText = true
    defer { leading = "" }
    return [.text(leading)]
  }

  private mutating func read(_ delta: Chunk.ToolCallDelta) throws -> [CompletionEvent] {
    let wireIndex = delta.index ?? 0
    let id = delta.id ?? ""
    var events: [CompletionEvent] = []
    // Some servers give every call the same index; then the id tells that another one begins.
    var position = toolCalls.lastIndex { $0.index == wireIndex && (id.isEmpty || $0.id == id) }
    if position == nil {
      guard let name = delta.function?.name, (1...Self.longestName).contains(name.utf8.count),
        toolCalls.count < Self.maximumToolCalls
      else {
        throw WorkerError(.malformed, worker: worker, message: "tool call without a usual name, or too many of them")
      }
      position = toolCalls.count
      toolCalls.append((wireIndex, id))
      let isUsable = (1...Self.longestID).contains(id.utf8.count)
      let callID = isUsable ? id : "call_\(UUID().uuidString)"
      events.append(.toolCallStarted(index: toolCalls.count - 1, callID: callID, name: name))
    }
    if let position, let arguments = delta.function?.arguments, !arguments.isEmpty {
      try count(arguments)
      events.append(.toolCallArguments(index: position, delta: arguments))
    }
    return events
  }

  private static func finishReason(_ reason: String) -> FinishReason {
    switch reason {
    case "length": .length
    case "tool_calls", "function_call": .toolCalls
    case "content_filter": .contentFilter
    default: .stop
    }
  }
}
