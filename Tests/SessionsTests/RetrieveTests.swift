import Audio
import Realtime
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

@Suite("conversation.item.retrieve")
struct RetrieveTests {
  private func conversation(retaining seconds: Int = 20, formats: AudioFormat = .pcm) -> Conversation {
    var limits = LimitSettings()
    limits.retainedAudioSeconds = seconds
    let conversation = Conversation(limits: limits)
    guard formats != .pcm else { return conversation }
    conversation.client(
      .sessionUpdate(
        .json(
          #"{"type":"realtime","audio":{"input":{"format":{"type":"\#(formats.name)"}},"output":{"format":{"type":"\#(formats.name)"}}}}"#
        )))
    return conversation
  }

  /// The audio that retrieving an item brings; nil for none.
  private func retrieve(_ id: String?, _ conversation: Conversation) throws -> [UInt8]? {
    conversation.client(.conversationItemRetrieve(itemID: try #require(id)))
    guard case .conversationItemRetrieved(let item)? = conversation.events.last,
      case .message(_, let parts) = item.content
    else { return nil }
    switch parts.first {
    case .inputAudio(let audio, _): return audio
    case .outputAudio(_, let audio): return audio
    default: return nil
    }
  }

  private func tell(_ conversation: Conversation, milliseconds: Int) -> String? {
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.answer("One two three four.")
    conversation.speak(milliseconds: milliseconds)
    conversation.advance(milliseconds: milliseconds + 100)
    return conversation.core.state.items.last?.id
  }

  @Test("gives the user's turn back from its first sample to its last")
  func wholeTurn() throws {
    let conversation = conversation()
    conversation.hear(milliseconds: 500, voiced: false)
    conversation.say("Hello.")
    var bounds: [Int] = []
    for event in conversation.events {
      if case .inputAudioBufferSpeechStarted(let start, _) = event { bounds.append(start) }
      if case .inputAudioBufferSpeechStopped(let end, _) = event { bounds.append(end) }
    }
    let id = conversation.core.state.items.first?.id
    let audio = try #require(try retrieve(id, conversation))
    #expect(bounds.count == 2)
    #expect(abs(audio.count / 48 - (bounds[1] - bounds[0])) <= 1)
    // 300 ms of padding before the voice, 500 ms of silence behind it.
    let samples = try #require(PCM16.decode(audio))
    let loud = samples.indices.filter { abs(Int(samples[$0])) > 2000 }
    #expect(abs((loud.first ?? 0) / 24 - 300) <= 20)
    #expect(abs((samples.count - (loud.last ?? 0)) / 24 - 500) <= 20)
  }

  @Test("is in the session's formats", arguments: [(AudioFormat.pcmu, 8), (.pcma, 8), (.pcm, 48), (.opus, 48)])
  func formats(format: AudioFormat, bytesPerMillisecond: Int) throws {
    let conversation = conversation(formats: format)
    let said = tell(conversation, milliseconds: 1000)
    let audio = try #require(try retrieve(said, conversation))
    #expect(abs(audio.count / bytesPerMillisecond - 1000) <= 10)
    let samples: [Int16]? =
      switch format {
      case .pcmu: G711.decode(audio, .mu)
      case .pcma: G711.decode(audio, .a)
      case .pcm, .opus: PCM16.decode(audio)
      }
    let middle = try #require(samples)[(audio.count / 4)...].prefix(20)
    if format != .opus { #expect(middle.allSatisfy { abs(Int($0) - 6000) < 400 }) }
  }

  @Test("ends where the item was truncated, be it by the client or by a barge-in")
  func truncated() throws {
    let conversation = conversation()
    let id = tell(conversation, milliseconds: 2000)
    for end in [1500, 700, 0] {
      conversation.client(
        .conversationItemTruncate(itemID: try #require(id), contentIndex: 0, audioEndMilliseconds: end))
      #expect(try retrieve(id, conversation)?.count ?? 0 == end * 48)
    }
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.answer("One two three four.")
    conversation.speak(milliseconds: 3000)
    conversation.advance(milliseconds: 1000)
    conversation.hear(milliseconds: 200, voiced: true)
    let truncations = conversation.events.compactMap {
      if case .conversationItemTruncated(_, _, let end, _) = $0 { end } else { nil }
    }
    let cut = conversation.core.state.items.last { $0.isAssistantMessage }?.id
    #expect(try retrieve(cut, conversation)?.count == (truncations.last ?? -1) * 48)
  }

  @Test("of an item that is being made shows it as it stands: without content yet")
  func inProgress() throws {
    let conversation = conversation()
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.answer("One two three four.")
    conversation.speak(milliseconds: 3000)
    conversation.advance(milliseconds: 500)
    conversation.client(.conversationItemRetrieve(itemID: try #require(conversation.core.state.items.last?.id)))
    guard case .conversationItemRetrieved(let item)? = conversation.events.last else {
      Issue.record("no item")
      return
    }
    #expect(item.status == .inProgress && item.isWordless)
  }

  @Test("forgets the oldest first and whole, and holds no more than is configured")
  func bounded() throws {
    let conversation = conversation(retaining: 3)
    let ids = (0..<5).map { _ in tell(conversation, milliseconds: 1000) }
    let kept = try ids.map { try retrieve($0, conversation)?.count }
    #expect(kept == [nil, nil, 48_000, 48_000, 48_000])
    let long = tell(conversation, milliseconds: 4000)
    #expect(try retrieve(long, conversation) == nil, "a part of it would mislead")
    #expect(conversation.core.retained.bytes <= 3 * 24_000)
    #expect(try retrieve(tell(conversation, milliseconds: 1000), conversation) != nil)
  }

  @Test("does not bring back the rest of a message whose beginning was forgotten")
  func forgottenInTheMiddle() {
    var retained = RetainedAudio(seconds: 1)
    let second = [Int16](repeating: 100, count: 24_000)
    retained.append(Array(second.prefix(20_000)), at: 24_000, to: "long")
    retained.append(Array(second.prefix(16_000)), at: 16_000, to: "other")
    retained.append(Array(second.prefix(2400)), at: 24_000, to: "long")
    #expect(retained.audio(of: "long", as: .pcm) == nil)
    #expect(retained.audio(of: "other", as: .pcm)?.count == 48_000)
  }

  @Test("keeps nothing where nothing is to be kept, and nothing of what was deleted")
  func nothing() throws {
    let none = conversation(retaining: 0)
    #expect(try retrieve(tell(none, milliseconds: 500), none) == nil)
    let conversation = conversation()
    let id = try #require(tell(conversation, milliseconds: 500))
    conversation.client(.conversationItemDelete(itemID: id))
    #expect(conversation.core.retained.bytes == 0)
    conversation.client(.conversationItemRetrieve(itemID: id), eventID: "gone")
    #expect(conversation.errors.last?.param == "item_id" && conversation.errors.last?.eventID == "gone")
  }

  @Test("does not mind how often it is asked for")
  func repeated() throws {
    let conversation = conversation()
    let id = tell(conversation, milliseconds: 500)
    let first = try retrieve(id, conversation)
    #expect(try retrieve(id, conversation) == first)
    #expect(SessionState(replaying: conversation.log) == conversation.core.state)
  }
}
