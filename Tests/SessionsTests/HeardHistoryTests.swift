import Realtime
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

@Suite("History after an interruption", .onBothLegs)
struct HeardHistoryTests {
  private func lastWords(_ conversation: Conversation) -> String? {
    conversation.core.state.items.last { $0.isAssistantMessage }?.transcriptText
  }

  @Test("holds nothing of a sentence that the synthesizer had not begun to speak")
  func voiceNotThereYet() {
    let conversation = Conversation()
    conversation.say("Tell me a story.")
    conversation.answer("Once there was a king. He had a very large horse.")
    conversation.speak(milliseconds: 500)
    // All that there is has been played, and the second sentence is still being made.
    conversation.advance(milliseconds: 3000)
    conversation.hear(milliseconds: 200, voiced: true)
    #expect(lastWords(conversation) == "Once there was a king.")
  }

  @Test("counts the words of a sentence by its whole length, not by what of it was made so far")
  func voiceHalfMade() {
    let conversation = Conversation()
    conversation.say("Tell me a story.")
    conversation.answer("Once there was a king who had a very large and beautiful horse.")
    conversation.speak(milliseconds: 400, ends: false)
    conversation.advance(milliseconds: 3000)
    conversation.hear(milliseconds: 200, voiced: true)
    #expect(lastWords(conversation)?.hasPrefix("Once") == true)
    #expect((lastWords(conversation) ?? "").count < 20)
  }

  /// A response that is all sent and not all played, and the next one that was asked for at once.
  private func twoResponses() -> Conversation {
    let conversation = Conversation()
    conversation.say("What is the weather?")
    conversation.answer("Let me look that up for you right now.")
    conversation.speak(milliseconds: 1000)
    conversation.advance(milliseconds: 650)
    conversation.client(.responseCreate(ResponseParameters()))
    return conversation
  }

  @Test("is cut in the response before, when its last sounds were still to be played")
  func tailOfTheOneBefore() {
    let conversation = twoResponses()
    #expect(conversation.completions.count == 2)
    conversation.hear(milliseconds: 120, voiced: true)
    #expect(conversation.types.contains("conversation.item.truncated"))
    #expect(lastWords(conversation)?.hasSuffix("now.") == false)
  }

  @Test("is cut once: a later interruption does not bring unheard words back")
  func cutOnce() {
    let conversation = Conversation()
    conversation.say("Tell me a story.")
    conversation.answer("Once there was a king who had a very large and beautiful horse.")
    conversation.speak(milliseconds: 4000)
    conversation.advance(milliseconds: 1000)
    conversation.say("Go on.")
    let first = lastWords(conversation)
    conversation.answer("The king had a daughter.")
    conversation.speak(milliseconds: 2000)
    conversation.advance(milliseconds: 1500)
    conversation.hear(milliseconds: 200, voiced: true)
    let messages = conversation.core.state.items.filter(\.isAssistantMessage)
    #expect(messages.count == 2)
    #expect(messages.first?.transcriptText == first)
  }

  @Test("stays as the client cut it: it knows best what was played")
  func clientKnowsBest() throws {
    let conversation = Conversation()
    conversation.say("Tell me a story.")
    conversation.answer("Once there was a king.")
    conversation.speak(milliseconds: 2000)
    conversation.advance(milliseconds: 1650)
    let id = try #require(conversation.core.state.items.last?.id)
    conversation.client(.conversationItemTruncate(itemID: id, contentIndex: 0, audioEndMilliseconds: 0))
    conversation.hear(milliseconds: 120, voiced: true)
    #expect(lastWords(conversation) == "")
  }

  @Test("holds what was heard when the client hangs up in mid-answer")
  func hangUp() {
    let conversation = Conversation()
    conversation.say("Tell me a story.")
    conversation.answer("Once there was a king. He had a very large horse.")
    conversation.speak(milliseconds: 1000)
    conversation.speak(milliseconds: 2000)
    conversation.advance(milliseconds: 1200)
    conversation.give(.disconnected)
    #expect(lastWords(conversation)?.hasPrefix("Once there was a king.") == true)
    #expect(lastWords(conversation)?.hasSuffix("horse.") == false)
    #expect(SessionState(replaying: conversation.log) == conversation.core.state)
  }

  @Test("gives the next prompt no function call that was cut off or has no output yet")
  func unfinishedFunctionCalls() {
    let conversation = Conversation()
    conversation.say("Weather?")
    let call = conversation.completions[0].call
    conversation.give(.completion(call, .toolCallStarted(index: 0, callID: "call_1", name: "weather")))
    conversation.give(.completion(call, .toolCallArguments(index: 0, delta: #"{"city":"#)))
    conversation.say("Never mind.")
    let messages = conversation.completions.last?.request.messages ?? []
    #expect(messages.suffix(2) == [.user("Weather?"), .user("Never mind.")])
  }

  @Test("puts the output of a function behind its call, whoever spoke in between")
  func outputBehindCall() {
    let conversation = Conversation()
    conversation.say("Weather?")
    let call = conversation.completions[0].call
    conversation.give(.completion(call, .toolCallStarted(index: 0, callID: "call_1", name: "weather")))
    conversation.give(.completion(call, .toolCallArguments(index: 0, delta: "{}")))
    conversation.give(.completion(call, .finished(.toolCalls)))
    conversation.say("Are you there?")
    conversation.client(.responseCancel(responseID: nil))
    conversation.client(
      .conversationItemCreate(
        item: ConversationItem(content: .functionCallOutput(callID: "call_1", output: "sunny")),
        previousItemID: nil))
    conversation.client(.responseCreate(ResponseParameters()))
    #expect(
      conversation.completions.last?.request.messages.suffix(3) == [
        .toolCalls([ToolCall(callID: "call_1", name: "weather", arguments: "{}")]),
        .toolResult(callID: "call_1", output: "sunny"), .user("Are you there?"),
      ])
  }

  @Test("shows the model an output longer than its whole budget, with its call")
  func longOutput() {
    let conversation = Conversation()
    conversation.say("Weather?")
    let call = conversation.completions[0].call
    conversation.give(.completion(call, .toolCallStarted(index: 0, callID: "call_1", name: "weather")))
    conversation.give(.completion(call, .finished(.toolCalls)))
    conversation.client(
      .conversationItemCreate(
        item: ConversationItem(
          content: .functionCallOutput(callID: "call_1", output: String(repeating: "x", count: 5000))),
        previousItemID: nil))
    conversation.client(.responseCreate(ResponseParameters()))
    #expect(conversation.completions.last?.request.messages.count == 3)
  }
}
