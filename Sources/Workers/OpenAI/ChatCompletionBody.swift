import Foundation
import VivaConfiguration

/// The body of `POST /chat/completions`, as JSON text.
enum ChatCompletionBody {
  /// - Throws: `EncodingError` where a sampling value is not finite.
  static func encode(
    _ request: CompletionRequest, model: String?, toolUse: ProviderSettings.ToolUse = .chosen
  ) throws -> Data {
    var body: [String: JSONValue] = [
      "messages": .array(messages(request.messages)),
      "stream": .bool(true),
      "stream_options": ["include_usage": .bool(true)],
    ]
    let sampling = request.sampling
    body["model"] = .string(model ?? "default")
    body["max_tokens"] = sampling.maxTokens.map(JSONValue.integer)
    body["temperature"] = sampling.temperature.map(JSONValue.number)
    body["top_p"] = sampling.topP.map(JSONValue.number)
    if !sampling.stop.isEmpty { body["stop"] = .array(sampling.stop.map(JSONValue.string)) }
    body["reasoning_effort"] = request.reasoningEffort.map(JSONValue.string)

    let tools = tools(request, toolUse)
    if !tools.isEmpty {
      body["tool_choice"] = choice(request.toolChoice)
      // Servers refuse it where there are no tools.
      body["parallel_tool_calls"] = request.parallelToolCalls.map(JSONValue.bool)
    }
    let encoder = JSONEncoder()
    // The same conversation must be the same prompt each time, or the server's prompt cache is of no use.
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = try encoder.encode(JSONValue.object(body))
    return tools.isEmpty ? text : try adding(tools, to: text, encoder)
  }

  private static func adding(_ tools: [FunctionTool], to body: Data, _ encoder: JSONEncoder) throws -> Data {
    var text = body.dropLast() + Data(#","tools":["#.utf8)
    for (index, tool) in tools.enumerated() {
      if index > 0 { text.append(UInt8(ascii: ",")) }
      text += try encode(tool, encoder)
    }
    return text + Data("]}".utf8)
  }

  /// Its parameters go in as they stand: to read and write them again would take seconds for those that a client may
  /// declare.
  private static func encode(_ tool: FunctionTool, _ encoder: JSONEncoder) throws -> Data {
    var function: [String: JSONValue] = ["name": .string(tool.name)]
    function["description"] = tool.description.map(JSONValue.string)
    var text = Data(#"{"function":"#.utf8) + (try encoder.encode(JSONValue.object(function)))
    if let parameters = tool.parameters.map({ Data($0.utf8) }),
      (try? JSONSerialization.jsonObject(with: parameters)) is [String: Any]
    {
      text = text.dropLast() + Data(#","parameters":"#.utf8) + parameters + Data("}".utf8)
    }
    return text + Data(#","type":"function"}"#.utf8)
  }

  private static func tools(_ request: CompletionRequest, _ use: ProviderSettings.ToolUse) -> [FunctionTool] {
    switch request.toolChoice {
    // Not every server takes a choice that names a function; all take the only one there is.
    case .function(let name): request.tools.filter { $0.name == name }
    case .required: request.tools
    case .auto, .none: use == .forced ? [] : request.tools
    }
  }

  private static func messages(_ messages: [ChatMessage]) -> [JSONValue] {
    var out: [JSONValue] = []
    var lastText: String?
    for message in messages {
      var text: String?
      switch message {
      case .system(let content): out.append(["role": "system", "content": .string(content)])
      case .user(let content): out.append(["role": "user", "content": .string(content)])
      case .assistant(let content):
        out.append(["role": "assistant", "content": .string(content)])
        text = content
      case .toolCalls(let calls):
        // What the assistant said before it called belongs to the same message; chat templates want the roles
        // to alternate.
        if lastText != nil { out.removeLast() }
        out.append([
          "role": "assistant", "content": lastText.map(JSONValue.string) ?? .null,
          "tool_calls": .array(calls.map(toolCall)),
        ])
      case .toolResult(let callID, let output):
        out.append(["role": "tool", "tool_call_id": .string(callID), "content": .string(output)])
      }
      lastText = text
    }
    return out
  }

  private static func toolCall(_ call: ToolCall) -> JSONValue {
    [
      "id": .string(call.callID), "type": "function",
      "function": ["name": .string(call.name), "arguments": .string(arguments(of: call))],
    ]
  }

  /// Servers whose chat template reads the arguments (llama.cpp) refuse the whole conversation for a call that the
  /// model wrote badly, now and in every later turn. What was wrong with it is told by the tool's output.
  private static func arguments(of call: ToolCall) -> String {
    let object = try? JSONSerialization.jsonObject(with: Data(call.arguments.utf8))
    return object is [String: Any] ? call.arguments : "{}"
  }

  private static func choice(_ choice: ToolChoice) -> JSONValue {
    switch choice {
    case .auto: "auto"
    case .none: "none"
    case .required, .function: "required"
    }
  }
}
