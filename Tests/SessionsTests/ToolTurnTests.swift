import Realtime
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

/// The agent's tools among everything else that happens in a conversation.
@Suite("A tool at work", .onBothLegs)
struct ToolTurnTests {
  private func agent(_ names: [String] = ["look_up", "book"]) -> Agent {
    var agent = Agent.forTests
    agent.tools = names.map {
      var tool = HTTPTool(name: $0, url: "http://tools.test/\($0)")
      tool.filler = ToolFiller(phrases: ["One moment, please, I am looking."], afterMilliseconds: 700)
      return tool
    }
    return agent
  }

  /// A conversation whose model has just called these tools.
  private func calling(_ names: [String], _ ask: (Conversation) -> Void = { $0.say("What is there?") }) throws
    -> (Conversation, [CallID])
  {
    let conversation = Conversation(agent: agent())
    ask(conversation)
    let call = try #require(conversation.completions.last?.call)
    for (index, name) in names.enumerated() {
      conversation.give(.completion(call, .toolCallStarted(index: index, callID: "call_\(index)", name: name)))
      conversation.give(.completion(call, .toolCallArguments(index: index, delta: "{}")))
    }
    conversation.give(.completion(call, .finished(.toolCalls)))
    let tools = conversation.actions.compactMap { if case .callTool(let call, _) = $0 { call } else { nil } }
    try #require(tools.count == names.count)
    return (conversation, tools)
  }

  private func outputs(_ conversation: Conversation) -> [String] {
    conversation.core.state.items.compactMap {
      if case .functionCallOutput(_, let output) = $0.content { output } else { nil }
    }
  }

  @Test("beside another is waited for: the model answers once, when both have come back, in any order")
  func parallel() throws {
    let (conversation, tools) = try calling(["look_up", "book"])
    conversation.give(.toolReturned(tools[1], .output("booked")))
    #expect(conversation.completions.count == 1)
    conversation.give(.toolReturned(tools[0], .failure(#"{"error":"gone"}"#)))
    #expect(conversation.completions.count == 2)
    #expect(outputs(conversation) == ["booked", #"{"error":"gone"}"#])
    let results = conversation.completions.last?.request.messages.compactMap {
      if case .toolResult(let id, let output) = $0 { "\(id) \(output)" } else { nil }
    }
    #expect(results == [#"call_0 {"error":"gone"}"#, "call_1 booked"])
    #expect(conversation.violations == [])
  }

  @Test("is not stopped when the user talks over the filler: their words are answered, then its result")
  func bargeIn() throws {
    let (conversation, tools) = try calling(["look_up"])
    conversation.advance(milliseconds: 800)
    #expect(conversation.speeches.count == 1)
    conversation.speak(milliseconds: 3000)
    conversation.advance(milliseconds: 500)
    conversation.say("And how much is it?")
    #expect(!conversation.cancelled.contains(tools[0]))
    #expect(conversation.completions.count == 2)
    #expect(conversation.completions.last?.request.messages.last == .user("And how much is it?"))
    // The result comes while that answer is on its way.
    conversation.give(.toolReturned(tools[0], .output("7")))
    #expect(conversation.completions.count == 2)
    conversation.answer("I will see.")
    conversation.speak(milliseconds: 500)
    conversation.advance(milliseconds: 600)
    #expect(conversation.completions.count == 3)
    #expect(conversation.violations == [])
  }

  @Test("that comes back while the user speaks is told after their turn")
  func duringTurn() throws {
    let (conversation, tools) = try calling(["look_up"])
    conversation.hear(milliseconds: 500, voiced: true)
    conversation.give(.toolReturned(tools[0], .output("7")))
    #expect(conversation.completions.count == 1)
    conversation.hear(milliseconds: 600, voiced: false)
    conversation.transcribe("Hurry up.")
    // One answer holds both.
    #expect(conversation.completions.count == 2)
    let messages = conversation.completions.last?.request.messages ?? []
    #expect(messages.contains(.toolResult(callID: "call_0", output: "7")) && messages.contains(.user("Hurry up.")))
    conversation.answer("It is seven.")
    conversation.speak(milliseconds: 500)
    conversation.advance(milliseconds: 2000)
    #expect(conversation.completions.count == 2)
  }

  @Test("goes on when the client cancels the filler, and its result is told")
  func cancelledFiller() throws {
    let (conversation, tools) = try calling(["look_up"])
    conversation.advance(milliseconds: 800)
    conversation.client(.responseCancel(responseID: nil))
    #expect(!conversation.cancelled.contains(tools[0]))
    conversation.give(.toolReturned(tools[0], .output("7")))
    #expect(conversation.completions.count == 2)
    #expect(conversation.violations == [])
  }

  @Test("is answered as the question was asked: in text, with the client's instructions and marks")
  func parameters() throws {
    var parameters = ResponseParameters()
    parameters.modality = .text
    parameters.instructions = "In rhyme."
    parameters.metadata = ["task": "7"]
    parameters.toolChoice = .required
    let (conversation, tools) = try calling(["look_up"]) { $0.client(.responseCreate(parameters)) }
    conversation.give(.toolReturned(tools[0], .output("7")))
    let request = try #require(conversation.completions.last?.request)
    #expect(conversation.completions.count == 2)
    #expect(request.messages.first == .system("In rhyme."))
    #expect(request.toolChoice == .auto)
    conversation.answer("Seven, even.")
    #expect(conversation.responses.last?.outputModalities == [.text])
    #expect(conversation.responses.last?.metadata == ["task": "7"])
    #expect(conversation.speeches.isEmpty)
  }

  @Test("is neither asked nor offered beside the conversation, where nobody waits for its answer")
  func outOfBand() throws {
    let conversation = Conversation(agent: agent())
    var parameters = ResponseParameters()
    parameters.conversation = .none
    conversation.client(.responseCreate(parameters))
    let completion = try #require(conversation.completions.last)
    #expect(completion.request.tools.isEmpty)
    conversation.give(.completion(completion.call, .toolCallStarted(index: 0, callID: "c", name: "look_up")))
    conversation.give(.completion(completion.call, .finished(.toolCalls)))
    let asked = conversation.actions.contains { if case .callTool = $0 { true } else { false } }
    #expect(!asked)
    #expect(conversation.responses.last?.status == .completed)
    #expect(conversation.violations == [])
  }
}
