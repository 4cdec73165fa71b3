import Realtime
import Resilience
import Testing
import Workers

@testable import Sessions

@Suite("A transcript")
struct CorrectionTests {
  private func hear(_ conversation: Conversation, _ text: String, confidence: Double) throws {
    conversation.hear(milliseconds: 1000, voiced: true)
    conversation.hear(milliseconds: 600, voiced: false)
    let call = try #require(conversation.recognitions.last)
    conversation.give(.recognition(call, .final(Transcript(text: text, confidence: confidence))))
  }

  @Test("of low confidence is offered for correction, and the model reads what the user made of it")
  func corrects() throws {
    let conversation = Conversation()
    try hear(conversation, "I like bred.", confidence: 0.4)
    #expect(conversation.ladderChanges.last?.offersCorrection == true)
    #expect(conversation.ladderChanges.last?.to == 1)
    let item = try #require(conversation.core.state.items.first?.id)
    conversation.answer("Fine.")
    conversation.sayAll()
    conversation.client(.transcriptCorrect(itemID: item, transcript: "I like bread."))
    #expect(conversation.events.contains(.vivaTranscriptCorrected(itemID: item, transcript: "I like bread.")))
    conversation.type("Well?")
    #expect(conversation.completions.last?.request.messages.contains(.user("I like bread.")) == true)
    #expect(conversation.log.contains(.itemCorrected(itemID: item, transcript: "I like bread.")))
  }

  @Test("that has not come is not waited for when the user writes it")
  func corrected() throws {
    let conversation = Conversation()
    conversation.hear(milliseconds: 1000, voiced: true)
    conversation.hear(milliseconds: 600, voiced: false)
    let item = try #require(conversation.core.state.items.first?.id)
    conversation.client(.transcriptCorrect(itemID: item, transcript: "Hello."))
    #expect(conversation.completions.last?.request.messages.last == .user("Hello."))
    conversation.transcribe("Late.")
    #expect(conversation.core.state.items.first?.transcriptText == "Hello.")
  }

  @Test("is the user's own: nothing else can be corrected")
  func refuses() {
    let conversation = Conversation()
    conversation.type("Hello.")
    let typed = conversation.core.state.items.first?.id ?? ""
    for id in ["item_none", typed] { conversation.client(.transcriptCorrect(itemID: id, transcript: "No.")) }
    #expect(conversation.errors.map(\.code) == Array(repeating: "transcript_correct_invalid_item_id", count: 2))
  }
}
