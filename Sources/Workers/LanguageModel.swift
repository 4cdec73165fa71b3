/// A conversation in, the next turn out, token by token.
public protocol LanguageModel: Sendable {
  /// The provider's name in the configuration.
  var name: String { get }

  /// Completes one turn. Cancelling the reading task, or dropping the stream, aborts the request at the server.
  ///
  /// - Returns: text and tool-call deltas, then `.finished`. A reply without text and without a tool call
  ///   throws `WorkerError` of kind `.emptyReply`.
  func complete(_ request: CompletionRequest) -> AsyncThrowingStream<CompletionEvent, any Error>
}

public struct CompletionRequest: Sendable, Equatable {
  public var messages: [ChatMessage]
  public var tools: [FunctionTool] = []
  public var toolChoice: ToolChoice = .auto
  public var sampling: Sampling
  /// Whether the model may call several functions in one turn; nil leaves it to the server.
  public var parallelToolCalls: Bool?
  /// How much a reasoning model is to think (`minimal`, `low`, …, as the server names it); nil leaves it to the server.
  public var reasoningEffort: String?
  /// Providers that broke off in this answer: they are asked only when the others have failed.
  public var avoids: [String] = []
  /// Nobody waits for it yet.
  public var isAhead = false

  public init(messages: [ChatMessage], sampling: Sampling = Sampling()) {
    self.messages = messages
    self.sampling = sampling
  }
}

public struct Sampling: Sendable, Equatable {
  /// 0...2; nil leaves it to the server.
  public var temperature: Double?
  /// 0...1; nil leaves it to the server.
  public var topP: Double?
  /// Upper bound of generated tokens; nil is the server's own bound.
  public var maxTokens: Int?
  public var stop: [String]

  public init(
    temperature: Double? = nil, topP: Double? = nil, maxTokens: Int? = nil, stop: [String] = []
  ) {
    self.temperature = temperature
    self.topP = topP
    self.maxTokens = maxTokens
    self.stop = stop
  }
}

public enum ChatMessage: Sendable, Equatable {
  case system(String)
  case user(String)
  case assistant(String)
  /// The assistant asked for these calls.
  case toolCalls([ToolCall])
  case toolResult(callID: String, output: String)
}

public struct ToolCall: Sendable, Equatable {
  public var callID: String
  public var name: String
  /// JSON text, as the model wrote it.
  public var arguments: String

  public init(callID: String, name: String, arguments: String) {
    self.callID = callID
    self.name = name
    self.arguments = arguments
  }
}

public struct FunctionTool: Sendable, Equatable {
  public var name: String
  public var description: String?
  /// A JSON Schema object, as JSON text.
  public var parameters: String?

  public init(name: String, description: String? = nil, parameters: String? = nil) {
    self.name = name
    self.description = description
    self.parameters = parameters
  }
}

public enum ToolChoice: Sendable, Equatable {
  case auto, none, required
  case function(String)
}

public enum CompletionEvent: Sendable, Equatable {
  case text(String)
  case toolCallStarted(index: Int, callID: String, name: String)
  case toolCallArguments(index: Int, delta: String)
  case usage(TokenUsage)
  /// Nobody answers, for this reason; what follows is what was answered to the same question before.
  case cached(WorkerError)
  /// The last event.
  case finished(FinishReason)
}

public struct TokenUsage: Sendable, Equatable {
  public var inputTokens: Int
  public var outputTokens: Int
  public var cachedTokens: Int

  public init(inputTokens: Int, outputTokens: Int, cachedTokens: Int = 0) {
    self.inputTokens = inputTokens
    self.outputTokens = outputTokens
    self.cachedTokens = cachedTokens
  }
}

public enum FinishReason: Sendable, Equatable {
  case stop, length, toolCalls, contentFilter
}
