import Realtime
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

@Suite("A response", .onBothLegs)
struct ResponseTests {
  private func text(_ text: String) -> ClientEvent.Body {
    .conversationItemCreate(
      item: .message(id: nil, role: .user, parts: [.inputText(text)]), previousItemID: nil)
  }

  @Test("in text needs no voice")
  func textOnly() {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.textOnly))
    conversation.client(text("Hello."))
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.answer("Hi there.")
    #expect(conversation.speeches.isEmpty)
    #expect(conversation.responses.last?.status == .completed)
    #expect(conversation.responses.last?.usage?.inputTokens == 20)
    #expect(conversation.types.contains("response.output_text.done"))
    #expect(conversation.violations == [])
  }

  @Test("with a function call hands it to the client and goes on with its output")
  func functionCall() throws {
    let conversation = Conversation()
    conversation.client(text("Weather?"))
    conversation.client(.responseCreate(ResponseParameters()))
    let call = conversation.completions[0].call
    conversation.give(.completion(call, .toolCallStarted(index: 0, callID: "call_1", name: "weather")))
    conversation.give(.completion(call, .toolCallArguments(index: 0, delta: #"{"city":"#)))
    conversation.give(.completion(call, .toolCallArguments(index: 0, delta: #""Bern"}"#)))
    conversation.give(.completion(call, .finished(.toolCalls)))
    #expect(conversation.violations == [])
    let done = try #require(conversation.responses.last)
    #expect(done.output.count == 1)
    conversation.client(
      .conversationItemCreate(
        item: ConversationItem(content: .functionCallOutput(callID: "call_1", output: "sunny")),
        previousItemID: nil))
    conversation.client(.responseCreate(ResponseParameters()))
    let messages = conversation.completions[1].request.messages
    #expect(
      messages.suffix(2) == [
        .toolCalls([ToolCall(callID: "call_1", name: "weather", arguments: #"{"city":"Bern"}"#)]),
        .toolResult(callID: "call_1", output: "sunny"),
      ])
  }

  @Test("is one at a time")
  func oneAtATime() {
    let conversation = Conversation()
    conversation.client(text("Hello."))
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.client(.responseCreate(ResponseParameters()), eventID: "second")
    #expect(conversation.errors.map(\.code) == ["conversation_already_has_active_response"])
    #expect(conversation.errors.last?.eventID == "second")
  }

  @Test("is asked again while the model's worker restarts, and nothing is heard of it")
  func modelRestarts() {
    let conversation = Conversation()
    conversation.client(text("Hello."))
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.give(
      .completionFailed(
        conversation.completions[0].call, WorkerError(.connection, worker: "llm", message: "refused")))
    conversation.advance(milliseconds: 1000)
    #expect(conversation.completions.count == 2)
    conversation.answer("Hi.")
    conversation.speak(milliseconds: 500)
    conversation.advance(milliseconds: 1000)
    #expect(conversation.responses.map(\.status) == [.completed])
  }

  @Test("of a model that is gone apologises aloud and ends as failed")
  func modelGone() {
    let conversation = Conversation()
    conversation.client(text("Hello."))
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.give(
      .completionFailed(
        conversation.completions[0].call,
        WorkerError(.refused, worker: "llm", message: "no such model", status: 404)))
    conversation.speak(milliseconds: 800)
    conversation.speak(milliseconds: 800)
    conversation.advance(milliseconds: 3000)
    #expect(conversation.responses.last?.status == .failed)
    #expect(conversation.responses.last?.statusDetails?.error?.code == "refused")
    #expect(conversation.audioMilliseconds == 1600)
    #expect(conversation.violations == [])
  }

  @Test("whose voice fails is completed as words")
  func voiceGone() {
    let conversation = Conversation()
    conversation.client(text("Hello."))
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.answer("Hi there.")
    conversation.give(
      .speechFailed(conversation.speeches.last!.call, WorkerError(.connection, worker: "tts", message: "refused")))
    #expect(conversation.types.contains("response.output_audio_transcript.delta"))
    #expect(conversation.responses.map(\.status) == [.completed])
    #expect(conversation.violations == [])
  }

  @Test("cut by the agent's own token limit ends with its last whole sentence")
  func agentLimit() {
    let conversation = Conversation()
    conversation.client(text("Hello."))
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.answer("This is whole. This one is", reason: .length)
    conversation.speak(milliseconds: 500)
    conversation.advance(milliseconds: 1000)
    #expect(conversation.responses.last?.status == .completed)
    #expect(conversation.core.state.items.last?.transcriptText == "This is whole. ")
  }

  @Test("cut by the client's max_output_tokens is incomplete, and says so")
  func clientLimit() {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.json(#"{"type":"realtime","max_output_tokens":5}"#)))
    conversation.client(text("Hello."))
    conversation.client(.responseCreate(ResponseParameters()))
    #expect(conversation.completions[0].request.sampling.maxTokens == 5)
    conversation.answer("This one is", reason: .length)
    conversation.speak(milliseconds: 500)
    conversation.advance(milliseconds: 1000)
    #expect(conversation.responses.last?.status == .incomplete)
    #expect(conversation.responses.last?.statusDetails?.reason == "max_output_tokens")
  }

  @Test("of an agent with a greeting comes first, unless the client is quicker")
  func greeting() {
    var agent = Agent.forTests
    agent.greeting = "Welcome to the interview."
    let greeted = Conversation(agent: agent)
    greeted.advance(milliseconds: 600)
    #expect(greeted.speeches.map(\.text) == ["Welcome to the interview."])

    let quick = Conversation(agent: agent)
    quick.client(text("Hello."))
    quick.client(.responseCreate(ResponseParameters()))
    quick.advance(milliseconds: 600)
    #expect(quick.speeches.isEmpty)
  }

  @Test("replays from the log: the state is the fold of its events")
  func replay() {
    let conversation = Conversation()
    conversation.say("One.")
    conversation.answer("Two. Three.")
    conversation.speak(milliseconds: 500)
    conversation.hear(milliseconds: 200, voiced: true)
    conversation.client(text("Four."))
    #expect(SessionState(replaying: conversation.log) == conversation.core.state)
  }

  @Test("ends with the session: 60 minutes, a clear error, close code 1001")
  func expiry() {
    let conversation = Conversation()
    conversation.advance(milliseconds: 60 * 60 * 1000)
    #expect(conversation.errors.last?.code == "session_expired")
    #expect(conversation.core.state.isEnded)
  }
}
