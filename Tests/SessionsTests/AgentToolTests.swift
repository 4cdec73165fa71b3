import Realtime
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

/// What the model is shown of the agent's own tools, and when it is asked to go on.
@Suite("The agent's tools", .onBothLegs) struct AgentToolTests {
  private static let note = #"{"type":"realtime","tools":[{"type":"function","name":"take_note"}]}"#

  private func conversation() -> Conversation {
    var agent = Agent.forTests
    var tool = HTTPTool(name: "look_up", url: "http://tools.test/look_up")
    tool.filler = ToolFiller(phrases: ["One moment."], afterMilliseconds: 700)
    agent.tools = [tool]
    let conversation = Conversation(agent: agent)
    conversation.client(.sessionUpdate(.json(#"{"type":"realtime","output_modalities":["text"]}"#)))
    return conversation
  }

  /// The client asks for an answer, and the model calls these functions.
  private func ask(_ conversation: Conversation, calling names: String..., id: String = "call_0") {
    conversation.client(.responseCreate(ResponseParameters()))
    call(conversation, names, id: id)
  }

  private func call(_ conversation: Conversation, _ names: [String], id: String = "call_0") {
    guard let completion = conversation.completions.last?.call else { return }
    for (index, name) in names.enumerated() {
      let callID = index == 0 ? id : "\(id)_\(index)"
      conversation.give(.completion(completion, .toolCallStarted(index: index, callID: callID, name: name)))
      conversation.give(.completion(completion, .toolCallArguments(index: index, delta: "{}")))
    }
    conversation.give(.completion(completion, .finished(.toolCalls)))
  }

  private func toolCalls(_ conversation: Conversation) -> [(call: CallID, request: ToolRequest)] {
    conversation.actions.compactMap { if case .callTool(let call, let request) = $0 { (call, request) } else { nil } }
  }

  private func lastMessages(_ count: Int, _ conversation: Conversation) -> [ChatMessage] {
    conversation.completions.last?.request.messages.suffix(count) ?? []
  }

  private func calls(_ ids: String..., name: String = "look_up") -> ChatMessage {
    .toolCalls(ids.map { ToolCall(callID: $0, name: name, arguments: "{}") })
  }

  @Test("what a tool gave is the last that the model reads, though a filler was said meanwhile")
  func resultBehindFiller() throws {
    let conversation = conversation()
    ask(conversation, calling: "look_up")
    conversation.advance(milliseconds: 1000)
    conversation.give(.toolReturned(try #require(toolCalls(conversation).first).call, .output("sunny")))
    #expect(
      lastMessages(3, conversation) == [
        .assistant("One moment."), calls("call_0"), .toolResult(callID: "call_0", output: "sunny"),
      ])
  }

  @Test("a call that is under way is shown as such, so that the model does not make it again")
  func callUnderWay() {
    let conversation = conversation()
    ask(conversation, calling: "look_up")
    conversation.client(.responseCreate(ResponseParameters()))
    #expect(
      lastMessages(2, conversation) == [
        calls("call_0"), .toolResult(callID: "call_0", output: #"{"status":"in_progress"}"#),
      ])
  }

  @Test("calls that a model numbers anew in each answer are told apart")
  func repeatedNumbers() throws {
    let conversation = conversation()
    for output in ["one", "two"] {
      ask(conversation, calling: "look_up", id: "call_0")
      conversation.give(.toolReturned(try #require(toolCalls(conversation).last).call, .output(output)))
      conversation.answer("Well.")
    }
    let ids = toolCalls(conversation).map(\.request.callID)
    #expect(Set(ids).count == 2)
    let outputs = conversation.completions.last?.request.messages.compactMap {
      if case .toolResult(_, let output) = $0 { output } else { nil }
    }
    #expect(outputs == ["one", "two"])
    #expect(conversation.violations == [])
  }

  @Test("a filler does not forget that a function of the client's was called too")
  func fillerBesideClientFunction() throws {
    let conversation = conversation()
    conversation.client(.sessionUpdate(.json(Self.note)))
    ask(conversation, calling: "look_up", "take_note")
    conversation.advance(milliseconds: 1000)
    let before = conversation.completions.count
    conversation.give(.toolReturned(try #require(toolCalls(conversation).first).call, .output("sunny")))
    #expect(conversation.completions.count == before)
  }

  @Test("a model that never stops calling is asked to do without, and a new question begins anew")
  func endlessCalls() throws {
    let conversation = conversation()
    for _ in 1...2 {
      conversation.clear()
      ask(conversation, calling: "look_up")
      var rounds = 0
      while conversation.completions.last?.request.toolChoice != ToolChoice.none, rounds < 20 {
        rounds += 1
        conversation.give(.toolReturned(try #require(toolCalls(conversation).last).call, .output("7")))
        if conversation.completions.last?.request.toolChoice != ToolChoice.none { call(conversation, ["look_up"]) }
      }
      #expect(rounds == 8)
      conversation.answer("It is seven.")
    }
  }

  @Test("a call that the client insists on is made once")
  func requiredCall() throws {
    let conversation = conversation()
    conversation.client(.sessionUpdate(.json(#"{"type":"realtime","tool_choice":"required"}"#)))
    ask(conversation, calling: "look_up")
    #expect(conversation.completions.last?.request.toolChoice == .required)
    conversation.give(.toolReturned(try #require(toolCalls(conversation).last).call, .output("7")))
    #expect(conversation.completions.last?.request.toolChoice == .auto)
  }
}
