import Realtime
import Testing

@testable import Sessions

@Suite("A turn under semantic_vad", .onBothLegs)
struct SemanticTurnTests {
  private func conversation(_ eagerness: String = "auto") -> Conversation {
    let conversation = Conversation()
    conversation.client(
      .sessionUpdate(
        .json(
          #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"semantic_vad","eagerness":"\#(eagerness)"}}}}"#
        )))
    conversation.clear()
    conversation.hear(milliseconds: 1000, voiced: true)
    return conversation
  }

  @Test("ends early when model and words agree that it is over")
  func bothSure() throws {
    let conversation = conversation()
    conversation.hear(milliseconds: 220, voiced: false)
    try conversation.judge(0.99)
    conversation.hear(partial: "What time is it?")
    conversation.hear(milliseconds: 80, voiced: false)
    #expect(conversation.turnsEnded == 1)
  }

  @Test("takes a partial that came in the silence before the pause was noticed")
  func earlyPartial() {
    let conversation = conversation()
    conversation.hear(milliseconds: 160, voiced: false)
    conversation.hear(partial: "I would like to book a table for")
    conversation.hear(milliseconds: 2000, voiced: false)
    #expect(conversation.turnsEnded == 0)
    conversation.hear(milliseconds: 2000, voiced: false)
    #expect(conversation.turnsEnded == 1)
  }

  @Test("does not take a partial from before the silence, and waits for the next one a little")
  func stalePartial() {
    let conversation = conversation()
    conversation.hear(partial: "I would like to book a table for")
    conversation.hear(milliseconds: 100, voiced: true)
    conversation.hear(milliseconds: 820, voiced: false)
    #expect(conversation.turnsEnded == 0)
    conversation.hear(milliseconds: 100, voiced: false)
    #expect(conversation.turnsEnded == 1)
  }

  @Test("waits for no words from a recogniser that tells them only at the end")
  func noPartials() {
    let conversation = conversation()
    conversation.hear(milliseconds: 620, voiced: false)
    #expect(conversation.turnsEnded == 1)
  }

  @Test("takes words that come late, and ends at once when they are whole")
  func lateWords() {
    let conversation = conversation()
    conversation.hear(partial: "What time")
    conversation.hear(milliseconds: 100, voiced: true)
    conversation.hear(milliseconds: 700, voiced: false)
    #expect(conversation.turnsEnded == 0)
    conversation.hear(partial: "What time is it?")
    conversation.hear(milliseconds: 20, voiced: false)
    #expect(conversation.turnsEnded == 1)
  }

  @Test("forgets what was known of a pause when the speaker goes on")
  func goesOn() throws {
    let conversation = conversation()
    conversation.hear(milliseconds: 300, voiced: false)
    conversation.hear(partial: "I was")
    try conversation.judge(0.01)
    conversation.hear(milliseconds: 700, voiced: true)
    #expect(conversation.turnsEnded == 0)
    conversation.hear(milliseconds: 920, voiced: false)
    #expect(conversation.turnsEnded == 1)
  }

  @Test("waits as long as the eagerness allows, and no longer", arguments: [("low", 8), ("medium", 4), ("high", 2)])
  func longestWait(eagerness: String, seconds: Int) throws {
    let conversation = conversation(eagerness)
    conversation.hear(milliseconds: 220, voiced: false)
    conversation.hear(partial: "So I was looking for the")
    try conversation.judge(0.02)
    conversation.hear(milliseconds: seconds * 1000 - 300, voiced: false)
    #expect(conversation.turnsEnded == 0)
    conversation.hear(milliseconds: 120, voiced: false)
    #expect(conversation.turnsEnded == 1)
  }

  @Test("is a plain detector's when the worker fails and nothing is heard")
  func workerFails() throws {
    let conversation = conversation()
    conversation.hear(milliseconds: 220, voiced: false)
    conversation.give(.endOfTurnFailed(try #require(conversation.questions.last)))
    conversation.hear(milliseconds: 300, voiced: false)
    #expect(conversation.turnsEnded == 0)
    conversation.hear(milliseconds: 120, voiced: false)
    #expect(conversation.turnsEnded == 1)
  }
}

extension Conversation {
  /// What the end-of-turn worker was asked.
  fileprivate var questions: [CallID] {
    actions.compactMap { if case .judgeTurn(let call, _) = $0 { call } else { nil } }
  }

  fileprivate var turnsEnded: Int { types.count { $0 == "input_audio_buffer.speech_stopped" } }

  fileprivate func judge(_ probability: Double) throws {
    give(.endOfTurn(try #require(questions.last), probability: probability))
  }

  fileprivate func hear(partial: String) {
    guard let call = recognitions.last else { return }
    give(.recognition(call, .partial(partial)))
  }
}
