import Audio
import Realtime
import Testing

@testable import Sessions

@Suite("Spoken messages")
struct SpokenMessagesTests {
  @Test("an answer of long ago can still be truncated, its words evenly over its audio")
  func older() throws {
    let conversation = Conversation()
    var ids: [String] = []
    for _ in 0..<12 {
      conversation.client(.responseCreate(ResponseParameters()))
      conversation.answer("One two three four.")
      conversation.speak(milliseconds: 1000)
      conversation.advance(milliseconds: 1100)
      ids.append(try #require(conversation.core.state.items.last?.id))
    }
    conversation.client(.conversationItemTruncate(itemID: ids[0], contentIndex: 0, audioEndMilliseconds: 500))
    #expect(try heard(ids[0], conversation) == "One two")
    conversation.client(.conversationItemTruncate(itemID: ids[0], contentIndex: 0, audioEndMilliseconds: 900))
    #expect(conversation.errors.last?.param == "audio_end_ms", "it is shorter than that by now")
    conversation.client(.conversationItemTruncate(itemID: ids[11], contentIndex: 0, audioEndMilliseconds: 0))
    #expect(try heard(ids[11], conversation) == "")
  }

  @Test("an answer of long ago that was deleted cannot be truncated")
  func deleted() throws {
    var spoken = SpokenMessages()
    for number in 0..<20 {
      var message = MessageOutput(
        address: ContentAddress(responseID: "resp", itemID: "item_\(number)", outputIndex: 0, contentIndex: 0),
        format: .pcm, voice: nil)
      message.sentSamples = 24_000
      spoken.append(message)
    }
    #expect(spoken.message("item_3", text: "Yes.")?.sentSamples == 24_000)
    for id in ["item_3", "item_19"] {
      spoken.remove(id)
      #expect(spoken.message(id, text: "Yes.") == nil)
    }
  }

  @Test("voiced frames are counted as they came, at every boundary")
  func voicedFrames() {
    var frames = VoicedFrames()
    var expected: [Bool] = []
    for number in 0..<300 {
      let isVoiced = number * number % 7 < 3
      frames.append(isVoiced)
      expected.append(isVoiced)
    }
    for frame in -1...301 {
      #expect(frames.voicedCount(before: frame) == expected.prefix(max(0, frame)).count { $0 })
    }
    #expect(frames.voicedCount == expected.count { $0 })
  }

  private func heard(_ id: String, _ conversation: Conversation) throws -> String? {
    let item = try #require(conversation.core.state.item(id))
    guard case .message(_, let parts) = item.content else { return nil }
    return parts.first?.text
  }
}
