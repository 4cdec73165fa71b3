import Realtime
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

@Suite("Misbehaviour")
struct MisbehaviourTests {
  private func text(_ text: String) -> ClientEvent.Body {
    .conversationItemCreate(
      item: .message(id: nil, role: .user, parts: [.inputText(text)]), previousItemID: nil)
  }

  @Test("of a voice that says it is done without a sound is a lost voice: the answer is read")
  func silentVoice() {
    let conversation = Conversation()
    conversation.say("Hello.")
    conversation.answer("Hi there.")
    // A rate that nothing can resample is no sound either.
    for _ in 0..<2 {
      guard let call = conversation.speeches.last?.call else { break }
      conversation.give(.speech(call, .pcm(Array(repeating: 1, count: 100), sampleRate: 1)))
      conversation.give(.speechEnded(call))
    }
    #expect(conversation.responses.map(\.status) == [.completed])
    #expect(conversation.core.state.ladder.output == "text")
  }

  @Test("of a client that puts a quarter of an hour of audio into one item is refused before it is decoded")
  func longAudioItem() {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.json(#"{"audio":{"input":{"format":{"type":"audio/pcmu"}}}}"#)))
    func item(seconds: Int) -> ClientEvent.Body {
      let audio = [UInt8](repeating: 0xFF, count: seconds * 8000)
      return .conversationItemCreate(
        item: .message(id: nil, role: .user, parts: [.inputAudio(audio: audio, transcript: nil)]), previousItemID: nil)
    }
    conversation.client(item(seconds: 301))
    #expect(conversation.errors.map(\.param) == ["item.content"])
    #expect(conversation.core.state.items.isEmpty && conversation.recognitions.isEmpty)
    conversation.client(item(seconds: 1))
    #expect(conversation.core.state.items.count == 1 && conversation.recognitions.count == 1)
  }

  @Test("of a voice that never ends is cut off")
  func endlessVoice() throws {
    let conversation = Conversation()
    conversation.say("Hello.")
    conversation.answer("Hi there.")
    let call = try #require(conversation.speeches.last?.call)
    for _ in 0..<300 {
      conversation.give(
        .speech(call, .pcm(Array(repeating: 6000, count: 24_000), sampleRate: 24_000)))
    }
    #expect(conversation.cancelled.contains(call))
    conversation.advance(milliseconds: 130_000)
    #expect(conversation.responses.count == 1)
  }

  @Test("of a model that breaks off in a function call is apologised for aloud")
  func modelBreaksOffInCall() {
    let conversation = Conversation()
    conversation.say("Weather?")
    let call = conversation.completions[0].call
    conversation.give(.completion(call, .toolCallStarted(index: 0, callID: "call_1", name: "weather")))
    conversation.give(.completionFailed(call, WorkerError(.gapTimeout, worker: "llm", message: "stalled")))
    #expect(conversation.speeches.first?.text.hasPrefix("Sorry") == true)
    #expect(conversation.violations == [])
  }

  @Test("of a client that fills the conversation is an error each, and no turn is left open")
  func fullConversation() {
    var limits = LimitSettings()
    limits.items = 1
    let conversation = Conversation(limits: limits)
    conversation.client(text("Full."))
    for _ in 0..<2 {
      conversation.hear(milliseconds: 500, voiced: true)
      conversation.hear(milliseconds: 600, voiced: false)
    }
    #expect(conversation.errors.map(\.code) == ["conversation_full", "conversation_full"])
    conversation.client(.responseCreate(ResponseParameters()), eventID: "mine")
    #expect(conversation.errors.last?.code == "conversation_full")
    #expect(conversation.errors.last?.eventID == "mine")
    #expect(conversation.core.turns.isEmpty)
    #expect(conversation.violations == [])
  }

  @Test("of a client that sends a book a message is refused before the memory is full")
  func hugeItems() {
    let conversation = Conversation()
    let book = String(repeating: "All work and no play. ", count: 50_000)
    for _ in 0..<20 { conversation.client(text(book)) }
    #expect(conversation.core.state.items.count < 8)
    #expect(conversation.errors.last?.code == "conversation_full")
  }

  @Test("in numbers is an error, not a trap", arguments: [Int.max, Int.min, -1, 1_000_000])
  func hostileNumbers(_ number: Int) throws {
    let conversation = Conversation()
    conversation.say("Hello.")
    conversation.answer("Hi there.")
    conversation.speak(milliseconds: 500)
    let id = try #require(conversation.core.state.items.last?.id)
    for _ in 0..<2 {
      conversation.client(
        .conversationItemTruncate(itemID: id, contentIndex: 0, audioEndMilliseconds: number))
      conversation.client(
        .conversationItemTruncate(itemID: id, contentIndex: number, audioEndMilliseconds: 0))
      conversation.advance(milliseconds: 2000)
    }
    #expect(conversation.errors.count == 4)
  }

  @Test("of truncating an item that has no audio yet, being text, is an error")
  func truncateText() throws {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.textOnly))
    conversation.client(text("Hello."))
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.give(.completion(conversation.completions[0].call, .text("Hi ")))
    let id = try #require(conversation.core.state.items.last?.id)
    conversation.client(.conversationItemTruncate(itemID: id, contentIndex: 0, audioEndMilliseconds: 0))
    #expect(conversation.errors.map(\.param) == ["item_id"])
  }
}
