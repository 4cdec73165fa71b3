import Realtime
import Testing
import Workers

@testable import Sessions

@Suite("An interruption")
struct InterruptionTests {
  /// A conversation in which the agent has spoken for `milliseconds` of two sentences of 2 s each.
  private func speaking(for milliseconds: Int) -> Conversation {
    let conversation = Conversation()
    conversation.say("Tell me a story.")
    conversation.answer("Once there was a king. He had a very large horse.")
    conversation.speak(milliseconds: 2000)
    conversation.speak(milliseconds: 2000)
    conversation.advance(milliseconds: milliseconds)
    conversation.clear()
    return conversation
  }

  @Test("stops the voice at once: no audio after speech_started")
  func stopsAtOnce() throws {
    let conversation = speaking(for: 1000)
    conversation.hear(milliseconds: 400, voiced: true)
    let types = conversation.types
    let onset = try #require(types.firstIndex(of: "input_audio_buffer.speech_started"))
    #expect(!types[onset...].contains("response.output_audio.delta"))
    #expect(conversation.responses.last?.status == .cancelled)
    #expect(conversation.responses.last?.statusDetails?.reason == "turn_detected")
    #expect(conversation.violations == [])
  }

  @Test("leaves in the history what was heard, exact to the sentence")
  func historyToSentence() throws {
    let conversation = speaking(for: 2000 - 120)
    conversation.hear(milliseconds: 200, voiced: true)
    #expect(
      conversation.core.state.items.last { $0.isAssistantMessage }?.transcriptText == "Once there was a king."
    )
    #expect(conversation.types.contains("conversation.item.truncated"))
  }

  @Test("leaves nothing in the next prompt that was not heard")
  func nextPrompt() throws {
    let conversation = speaking(for: 500)
    conversation.say("Stop.")
    let messages = try #require(conversation.completions.last?.request.messages)
    #expect(messages.last == .user("Stop."))
    guard case .assistant(let heard) = messages[messages.count - 2] else {
      Issue.record("no assistant message: \(messages)")
      return
    }
    #expect("Once there was a king.".hasPrefix(heard) && heard.count < 20)
  }

  @Test("cancels the model and the voice at the workers")
  func cancelsWorkers() {
    let conversation = Conversation()
    conversation.say("Go.")
    let model = conversation.completions[0].call
    conversation.give(.completion(model, .text("A first sentence. And then ")))
    conversation.speak(milliseconds: 2000, ends: false)
    conversation.advance(milliseconds: 300)
    conversation.hear(milliseconds: 300, voiced: true)
    #expect(conversation.cancelled.contains(model))
    #expect(conversation.cancelled.contains(conversation.speeches[0].call))
    // Late results of cancelled calls are nothing to anybody.
    conversation.clear()
    conversation.give(.completion(model, .text("late")))
    #expect(conversation.events.isEmpty)
  }

  @Test("after everything was sent still cuts what was not played")
  func tail() {
    let conversation = speaking(for: 3610)
    #expect(conversation.core.response == nil)
    conversation.hear(milliseconds: 160, voiced: true)
    #expect(conversation.types.contains("conversation.item.truncated"))
    let text = conversation.core.state.items.last { $0.isAssistantMessage }?.transcriptText
    #expect(text?.hasPrefix("Once there was a king. He had a very") == true)
    #expect(text?.hasSuffix("horse.") == false)
  }

  @Test("is left alone with interrupt_response off")
  func notInterrupted() {
    let conversation = Conversation()
    conversation.client(
      .sessionUpdate(
        .json(
          #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","interrupt_response":false}}}}"#
        )))
    conversation.say("Go.")
    conversation.answer("A sentence.")
    conversation.speak(milliseconds: 3000)
    conversation.hear(milliseconds: 500, voiced: true)
    #expect(conversation.core.response != nil)
    conversation.advance(milliseconds: 3000)
    #expect(conversation.responses.last?.status == .completed)
  }

  @Test("by the client: response.cancel ends as cancelled, and a second one is an error")
  func clientCancel() {
    let conversation = speaking(for: 500)
    conversation.client(.responseCancel(responseID: nil))
    #expect(conversation.responses.last?.statusDetails?.reason == "client_cancelled")
    conversation.client(.responseCancel(responseID: nil), eventID: "mine")
    #expect(conversation.errors.last?.code == "response_cancel_not_active")
    #expect(conversation.errors.last?.eventID == "mine")
  }

  @Test("by the client's truncate: the client knows best what was played")
  func clientTruncate() throws {
    let conversation = speaking(for: 5000)
    let id = try #require(conversation.core.state.items.last?.id)
    conversation.client(.conversationItemTruncate(itemID: id, contentIndex: 0, audioEndMilliseconds: 2000))
    #expect(conversation.core.state.items.last?.transcriptText == "Once there was a king.")
    conversation.client(.conversationItemTruncate(itemID: id, contentIndex: 0, audioEndMilliseconds: 9000))
    #expect(conversation.errors.last?.param == "audio_end_ms")
    conversation.client(
      .conversationItemTruncate(itemID: "item_none", contentIndex: 0, audioEndMilliseconds: 0))
    #expect(conversation.errors.last?.param == "item_id")
  }
}
