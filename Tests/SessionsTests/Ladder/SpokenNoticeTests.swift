import Audio
import Realtime
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

@Suite("A notice that nobody can speak")
struct SpokenNoticeTests {
  private func phrase() throws -> EncodedPhrase {
    let key = PhraseKey(text: "", voice: "", speed: 1, format: PlayoutFormat(.opus))
    let voice = (0..<24_000).map { Int16(8000 * (Double($0) * 0.05).remainder(dividingBy: 1)) }
    return try #require(EncodedPhrase.encode(voice, for: key, complexity: 0))
  }

  private func prepared(_ conversation: Conversation) -> [String] {
    conversation.actions.flatMap { action -> [String] in
      if case .preparePhrases(let requests) = action { requests.map(\.text) } else { [] }
    }
  }

  private let cannotSpeak = LadderNotices().cannotSpeak

  @Test("is heard on a call, from packets that were made before, and is no sign of a voice")
  func heard() throws {
    let conversation = Conversation(leg: .media)
    conversation.storedPhrase = try phrase()
    conversation.lose(.tts)
    #expect(conversation.playout.enqueued == 0)
    conversation.advance(milliseconds: 1100)
    #expect(conversation.playout.enqueued > 0)
    conversation.advance(milliseconds: 3000)
    #expect(conversation.playout.enqueued == 2 * 24_000)
    #expect(conversation.responses.map(\.status) == [.completed])
    #expect(conversation.responses.last?.outputModalities == [.audio])
    #expect(conversation.core.state.items.last?.transcriptText == cannotSpeak)
    #expect(conversation.core.state.ladder.output == "text" && conversation.modalities == [.text])
    // What comes now is text, and nobody was asked to speak.
    conversation.type("Hello.")
    conversation.answer("Hi.")
    #expect(conversation.responses.last?.outputModalities == [.text])
    #expect(conversation.speeches.isEmpty && conversation.violations == [])
  }

  @Test("is only written where it was not made before, or there is no call, or the client reads")
  func written() throws {
    let unknown = Conversation(leg: .media)
    let socket = Conversation(leg: .socket)
    let reader = Conversation(leg: .media)
    reader.client(.sessionUpdate(.textOutput))
    for conversation in [socket, reader] { conversation.storedPhrase = try phrase() }
    for conversation in [unknown, socket, reader] {
      conversation.lose(.tts)
      conversation.advance(milliseconds: 3000)
      #expect(conversation.ladderChanges.last?.notice == cannotSpeak)
      #expect(conversation.responses.isEmpty && conversation.playout.enqueued == 0)
    }
  }

  @Test("is not said while somebody speaks")
  func late() throws {
    let conversation = Conversation(leg: .media)
    conversation.storedPhrase = try phrase()
    conversation.lose(.tts)
    conversation.hear(milliseconds: 2000, voiced: true)
    #expect(conversation.playout.enqueued == 0)
  }

  @Test("is made ahead once, with the first sentence of a call's voice")
  func preparation() {
    let conversation = Conversation(leg: .media)
    for _ in 0..<2 {
      conversation.type("Hello.")
      conversation.answer("Hi there.")
      conversation.sayAll()
      conversation.advance(milliseconds: 2000)
    }
    let texts = prepared(conversation)
    #expect(texts.first == "I cannot speak at the moment." && Set(texts).count == texts.count)
    #expect(texts.contains(LadderNotices().textMode))
    let socket = Conversation(leg: .socket)
    socket.type("Hello.")
    socket.answer("Hi there.")
    socket.sayAll()
    #expect(prepared(socket).isEmpty)
  }
}
