import Realtime
import Resilience
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

@Suite("When nobody can hear", .onBothLegs)
struct LostHearingTests {
  /// The recogniser fails as often as it is asked, for so long.
  private func failAll(_ conversation: Conversation, milliseconds: Int) {
    var failed: Set<CallID> = []
    for _ in 0..<milliseconds / 50 {
      for call in conversation.recognitions where failed.insert(call).inserted {
        conversation.give(.recognitionFailed(call, Conversation.refused))
      }
      conversation.advance(milliseconds: 50)
    }
  }

  @Test("the user is told so once, by voice, and can type at once")
  func types() throws {
    let conversation = Conversation()
    conversation.hear(milliseconds: 1000, voiced: true)
    conversation.hear(milliseconds: 600, voiced: false)
    failAll(conversation, milliseconds: 3000)
    let change = try #require(conversation.ladderChanges.last)
    #expect(change.to == 3 && change.input == "text" && change.output == "voice" && change.reason == "asr_failed")
    #expect(conversation.modalities.isEmpty)
    #expect(conversation.speeches.first?.text.hasPrefix("I cannot hear you") == true)
    conversation.sayAll()
    // The turn still waits for its transcript; what is typed does not.
    #expect(!conversation.core.turns.isEmpty)
    conversation.type("Hello?")
    #expect(conversation.completions.last?.request.messages.last == .user("Hello?"))
    conversation.answer("Hi.")
    conversation.sayAll()
    #expect(conversation.responses.last?.status == .completed)
    #expect(conversation.violations == [])
  }

  @Test("no apology follows, however many turns are lost")
  func apologises() {
    let conversation = Conversation()
    for _ in 0..<3 {
      conversation.hear(milliseconds: 600, voiced: true)
      conversation.hear(milliseconds: 600, voiced: false)
      failAll(conversation, milliseconds: 20_000)
      conversation.sayAll()
    }
    #expect(conversation.types.filter { $0 == "conversation.item.input_audio_transcription.failed" }.count == 3)
    #expect(!conversation.speeches.contains { $0.text.hasPrefix("Sorry") })
    #expect(conversation.speeches.filter { $0.text.hasPrefix("I cannot hear") }.count == 1)
  }

  @Test("what was said is answered when the recogniser is back, and nothing is said of a moment's failure")
  func blink() {
    let conversation = Conversation()
    conversation.hear(milliseconds: 1000, voiced: true)
    conversation.hear(milliseconds: 600, voiced: false)
    conversation.give(.recognitionFailed(conversation.recognitions[0], Conversation.refused))
    conversation.advance(milliseconds: 300)
    conversation.transcribe("Here I am.")
    #expect(conversation.completions.last?.request.messages.last == .user("Here I am."))
    conversation.answer("Hi.")
    conversation.sayAll()
    conversation.restore(.asr)
    #expect(conversation.ladderChanges.last?.to == 1 && conversation.ladderChanges.last?.input == "voice")
    #expect(conversation.speeches.map(\.text) == ["Hi."])
  }

  @Test("a notice never interrupts the user")
  func waits() {
    let conversation = Conversation()
    conversation.hear(milliseconds: 400, voiced: true)
    conversation.lose(.asr)
    conversation.hear(milliseconds: 3000, voiced: true)
    #expect(conversation.speeches.isEmpty)
  }

  @Test("probes are wanted for what is lost, and no more when it is back")
  func probes() {
    let conversation = Conversation()
    var wanted: [[Ladder.Capability]] {
      conversation.actions.compactMap { if case .wantProbes(let wanted) = $0 { wanted } else { nil } }
    }
    conversation.lose(.asr, .tts)
    #expect(wanted == [[.asr], [.asr, .tts]])
    #expect(conversation.ladderChanges.last?.to == 4)
    #expect(conversation.ladderChanges.last?.notice == LadderNotices().textMode)
    conversation.restore(.asr, .tts)
    #expect(wanted.last == [])
    #expect(conversation.ladderChanges.last?.to == 1)
  }
}
