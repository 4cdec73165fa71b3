import VivaConfiguration

/// A call that the language model made of a function which Viva itself calls.
public struct ToolRequest: Sendable {
  public var tool: HTTPTool
  /// Unique in its session.
  public var callID: String
  /// JSON text as the model wrote it, which need not be JSON at all.
  public var arguments: String
  public var sessionID: String
  /// The agent's name.
  public var agent: String

  public init(tool: HTTPTool, callID: String, arguments: String, sessionID: String, agent: String) {
    self.tool = tool
    self.callID = callID
    self.arguments = arguments
    self.sessionID = sessionID
    self.agent = agent
  }
}

/// What came of a call. Either text is the function's output for the language model.
public enum ToolOutcome: Sendable, Equatable {
  /// The service's answer, as it is.
  case output(String)
  /// JSON: `{"error":{"type","message"}}`, see `ToolFailure`.
  case failure(String)

  public var text: String {
    switch self {
    case .output(let text), .failure(let text): text
    }
  }
}

/// Calls functions. Any thread.
public protocol ToolCaller: Sendable {
  /// Always comes to an end, at the tool's `timeoutMilliseconds` at the latest. Cancelling the task aborts the call.
  func call(_ request: ToolRequest) async -> ToolOutcome
}
