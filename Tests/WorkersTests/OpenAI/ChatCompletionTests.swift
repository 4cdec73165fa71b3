import Foundation
import Testing

@testable import Workers

@Suite struct ChatCompletionBodyTests {
  private func encode(_ request: CompletionRequest) throws -> [String: JSONValue] {
    try JSONDecoder().decode(
      [String: JSONValue].self, from: ChatCompletionBody.encode(request, model: "m"))
  }

  @Test("parallel tool calls and reasoning effort are written only when they are set")
  func optionalFields() throws {
    var request = CompletionRequest(messages: [.user("Hi")])
    request.parallelToolCalls = false
    request.reasoningEffort = "low"
    let withoutTools = try encode(request)
    #expect(withoutTools["reasoning_effort"] == "low")
    #expect(withoutTools["parallel_tool_calls"] == nil)
    request.tools = [FunctionTool(name: "f")]
    #expect(try encode(request)["parallel_tool_calls"] == .bool(false))
    request.parallelToolCalls = nil
    request.reasoningEffort = nil
    let unset = try encode(request)
    #expect(unset["parallel_tool_calls"] == nil && unset["reasoning_effort"] == nil)
  }

  @Test func aConversationBecomesMessages() throws {
    var request = CompletionRequest(messages: [
      .system("Be brief."), .user("Weather?"), .assistant("Let me see."),
      .toolCalls([ToolCall(callID: "c1", name: "weather", arguments: #"{"city":"Ulm"}"#)]),
      .toolResult(callID: "c1", output: "rain"),
    ])
    request.sampling = Sampling(temperature: 0.5, topP: 0.9, maxTokens: 7, stop: ["\n"])
    let body = try encode(request)
    #expect(
      body == [
        "model": "m", "stream": .bool(true), "stream_options": ["include_usage": .bool(true)],
        "temperature": .number(0.5), "top_p": .number(0.9), "max_tokens": .integer(7), "stop": ["\n"],
        "messages": [
          ["role": "system", "content": "Be brief."],
          ["role": "user", "content": "Weather?"],
          [
            "role": "assistant", "content": "Let me see.",
            "tool_calls": [
              [
                "id": "c1", "type": "function",
                "function": ["name": "weather", "arguments": #"{"city":"Ulm"}"#],
              ]
            ],
          ],
          ["role": "tool", "tool_call_id": "c1", "content": "rain"],
        ],
      ])
  }

  @Test(
    "a call that the model wrote badly does not make the conversation unreadable",
    arguments: [("", "{}"), (#"{"day":"Mon"#, "{}"), ("[1]", "{}"), ("{ }", "{ }")])
  func malformedArguments(written: String, sent: String) throws {
    let body = try encode(
      CompletionRequest(messages: [
        .user("Weather?"), .toolCalls([ToolCall(callID: "c1", name: "weather", arguments: written)]),
        .toolResult(callID: "c1", output: "no JSON"),
      ]))
    #expect(
      body["messages"] == [
        ["role": "user", "content": "Weather?"],
        [
          "role": "assistant", "content": .null,
          "tool_calls": [
            ["id": "c1", "type": "function", "function": ["name": "weather", "arguments": .string(sent)]]
          ],
        ],
        ["role": "tool", "tool_call_id": "c1", "content": "no JSON"],
      ])
  }

  @Test func whatIsNotSetIsNotSent() throws {
    let body = try encode(CompletionRequest(messages: [.user("Hi")]))
    #expect(Set(body.keys) == ["model", "messages", "stream", "stream_options"])
  }

  @Test func aNamedFunctionIsTheOnlyOneAndRequired() throws {
    var request = CompletionRequest(messages: [.user("Hi")])
    request.tools = [
      FunctionTool(name: "a", description: "does a", parameters: #"{"type":"object","required":["x"]}"#),
      FunctionTool(name: "b"),
    ]
    request.toolChoice = .function("a")
    let body = try encode(request)
    #expect(body["tool_choice"] == "required")
    #expect(
      body["tools"] == [
        [
          "type": "function",
          "function": [
            "name": "a", "description": "does a", "parameters": ["type": "object", "required": ["x"]],
          ],
        ]
      ])
    for (choice, word) in [(ToolChoice.auto, "auto"), (.none, "none"), (.required, "required")] {
      request.toolChoice = choice
      #expect(try encode(request)["tool_choice"] == .string(word))
    }
  }

  @Test func parametersGoOutAsTheyStandUnlessTheyAreNone() throws {
    var request = CompletionRequest(messages: [.user("Hi")])
    let large =
      #"{"maximum":12345678901234567890123,"a":["# + Array(repeating: "1.5", count: 15_000).joined(separator: ",")
    request.tools = [
      FunctionTool(name: "a", parameters: large + "]}"), FunctionTool(name: "b", parameters: "{]"),
      FunctionTool(name: "c\"", description: "é\n", parameters: "{}"), FunctionTool(name: "d", parameters: "[]"),
    ]
    let text = String(decoding: try ChatCompletionBody.encode(request, model: nil), as: UTF8.self)
    #expect(text.contains(#""parameters":\#(large)]}"#))
    request.tools.removeFirst()
    #expect(
      try encode(request)["tools"] == [
        ["type": "function", "function": ["name": "b"]],
        ["type": "function", "function": ["name": "c\"", "description": "é\n", "parameters": [:]]],
        ["type": "function", "function": ["name": "d"]],
      ])
  }

  @Test func theSameRequestIsTheSameBytes() throws {
    var request = CompletionRequest(messages: [.user("Hi")])
    request.tools = [FunctionTool(name: "a", parameters: #"{"z":1,"y":{"b":2,"a":[true,null,1.5]},"x":"/"}"#)]
    let first = try ChatCompletionBody.encode(request, model: nil)
    for _ in 0..<20 { #expect(try ChatCompletionBody.encode(request, model: nil) == first) }
  }
}

@Suite struct ChatCompletionReaderTests {
  private func read(_ chunks: [String]) throws -> [CompletionEvent] {
    var reader = ChatCompletionReader(worker: "w")
    var events: [CompletionEvent] = []
    for chunk in chunks { events += try reader.read(chunk) }
    return events + [try reader.end()]
  }

  private func delta(_ json: String, finish: String = "null") -> String {
    #"{"choices":[{"index":0,"delta":\#(json),"finish_reason":\#(finish)}]}"#
  }

  @Test func whiteSpaceIsNoResultUntilAWordComes() throws {
    var reader = ChatCompletionReader(worker: "w")
    #expect(try reader.read(delta(#"{"role":"assistant","content":"\n "}"#)) == [])
    #expect(!reader.hasResult)
    #expect(try reader.read(delta(#"{"content":"Hi"}"#)) == [.text("\n Hi")])
    #expect(try reader.read(delta(#"{"content":" "}"#)) == [.text(" ")])
    #expect(reader.hasResult)
  }

  @Test func onlyWhiteSpaceIsAnEmptyReply() {
    #expect { try read([delta(#"{"content":" \n"}"#, finish: #""stop""#), "[DONE]"]) } throws: {
      ($0 as? WorkerError)?.kind == .emptyReply
    }
  }

  @Test func callsAreToldApartByIndexAndById() throws {
    let byIndex = try read([
      delta(#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]}"#),
      delta(#"{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{"}}]}"#),
      delta(#"{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}"#),
      delta(#"{"tool_calls":[{"index":1,"function":{"arguments":"}"}}]}"#, finish: #""tool_calls""#),
    ])
    #expect(
      byIndex == [
        .toolCallStarted(index: 0, callID: "a", name: "f"), .toolCallStarted(index: 1, callID: "b", name: "g"),
        .toolCallArguments(index: 1, delta: "{"), .toolCallArguments(index: 0, delta: "{}"),
        .toolCallArguments(index: 1, delta: "}"), .finished(.toolCalls),
      ])
    let byID = try read([
      delta(#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"1"}}]}"#),
      delta(#"{"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"2"}}]}"#), "[DONE]",
    ])
    #expect(
      byID == [
        .toolCallStarted(index: 0, callID: "a", name: "f"), .toolCallArguments(index: 0, delta: "1"),
        .toolCallStarted(index: 1, callID: "b", name: "g"), .toolCallArguments(index: 1, delta: "2"),
        .finished(.toolCalls),
      ])
  }

  @Test func aCallHasANameAndAnIDThatClientsCanUse() throws {
    let long = String(repeating: "x", count: 129)
    let events = try read([
      delta(#"{"tool_calls":[{"index":0,"id":"\#(long)","function":{"name":"f","arguments":"{}"}}]}"#), "[DONE]",
    ])
    guard case .toolCallStarted(_, let id, "f") = events.first else {
      Issue.record("\(events)")
      return
    }
    #expect(id.hasPrefix("call_") && id.utf8.count <= 128)
    for name in ["", long] {
      #expect {
        try read([delta(#"{"tool_calls":[{"id":"a","function":{"name":"\#(name)"}}]}"#)])
      } throws: {
        ($0 as? WorkerError)?.kind == .malformed
      }
    }
  }

  @Test(arguments: [
    #"{"content":"TEXT"}"#, #"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"TEXT"}}]}"#,
    #"{"content":"SPACE"}"#,
  ])
  func anEndlessReplyIsCutOff(content: String) {
    let text = content.replacing("TEXT", with: String(repeating: "x", count: 40_000))
      .replacing("SPACE", with: String(repeating: " ", count: 40_000))
    #expect { try read(Array(repeating: delta(text), count: 10)) } throws: {
      ($0 as? WorkerError)?.kind == .malformed
    }
  }

  @Test func usageCountsCachedTokens() throws {
    let events = try read([
      delta(#"{"content":"x"}"#, finish: #""length""#),
      #"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":4}}}"#,
    ])
    #expect(
      events == [
        .text("x"), .usage(TokenUsage(inputTokens: 9, outputTokens: 3, cachedTokens: 4)), .finished(.length),
      ])
  }

  @Test func anErrorInTheStreamIsRefused() {
    #expect { try read([#"{"error":{"code":503,"message":"loading"}}"#]) } throws: {
      let error = $0 as? WorkerError
      return error?.kind == .refused && error?.status == 503 && error?.message == "loading"
    }
  }

  @Test func hostileChunksNeverDoMoreThanFail() {
    var random = Seeded(state: 4)
    let good = Array(delta(#"{"content":"x","tool_calls":[{"index":0,"id":"a","function":{"name":"f"}}]}"#).utf8)
    var failures = 0
    for _ in 0..<3000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let position = Int.random(in: 0..<bytes.count, using: &random)
        bytes[position] = "0123456789-eE.{}[]\",:null".utf8.randomElement(using: &random) ?? 0
      }
      var reader = ChatCompletionReader(worker: "w")
      do {
        _ = try reader.read(String(decoding: bytes, as: UTF8.self))
      } catch {
        #expect(error is WorkerError)
        failures += 1
      }
    }
    #expect(failures > 500)
  }
}
