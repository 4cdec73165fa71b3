import Realtime
import Resilience
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

@Suite("When nobody can speak", .onBothLegs)
struct LostVoiceTests {
  @Test("the answer under way is completed as words, and the next ones are text, until probes bring the voice back")
  func writes() throws {
    let conversation = Conversation()
    conversation.type("Hello.")
    conversation.answer("It is noon. It is late.")
    conversation.give(.speechFailed(try #require(conversation.speeches.last).call, Conversation.refused))
    #expect(conversation.responses.map(\.status) == [.completed])
    #expect(conversation.core.state.items.last?.transcriptText == "It is noon. It is late. ")
    #expect(conversation.speeches.count == 1)
    let change = try #require(conversation.ladderChanges.last)
    #expect(change.to == 3 && change.output == "text" && change.input == "voice" && change.reason == "tts_failed")
    #expect(change.notice == LadderNotices().cannotSpeak)
    #expect(conversation.modalities == [.text])

    conversation.type("And now?")
    conversation.answer("It is one.")
    #expect(conversation.responses.map(\.status) == [.completed, .completed])
    #expect(conversation.responses.last?.outputModalities == [.text])
    #expect(conversation.types.contains("response.output_text.done"))

    conversation.restore(.tts)
    #expect(conversation.modalities == [.text, .audio])
    #expect(conversation.ladderChanges.last?.to == 1)
    #expect(conversation.speeches.last?.text == LadderNotices().voiceBack)
    conversation.sayAll()
    conversation.type("And now?")
    conversation.answer("It is two.")
    #expect(conversation.speeches.last?.text == "It is two.")
    #expect(conversation.violations == [])
  }

  @Test("a client that asks for a voice gets text, and its wish is kept for later")
  func wishes() {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.textOutput))
    conversation.lose(.tts)
    #expect(conversation.modalities == [.text])
    conversation.client(.sessionUpdate(.json(#"{"type":"realtime","output_modalities":["audio"]}"#)))
    #expect(conversation.modalities == [.text, .text])
    var parameters = ResponseParameters()
    parameters.modality = .audio
    conversation.client(.responseCreate(parameters))
    conversation.answer("Yes.")
    #expect(conversation.responses.last?.outputModalities == [.text])
    conversation.restore(.tts)
    #expect(conversation.modalities.last == .audio)
  }

  @Test("a client of text is told nothing that does not concern it")
  func textClient() {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.textOutput))
    conversation.lose(.tts)
    conversation.restore(.tts)
    #expect(conversation.modalities == [.text])
    #expect(conversation.speeches.isEmpty)
  }

  @Test("a sentence that broke off is gone on with by another, from the word that was cut")
  func nextVoice() throws {
    let conversation = Conversation()
    conversation.type("Hello.")
    conversation.answer("It is noon, and the sun is shining on the roofs. The clock strikes twelve.")
    conversation.speak(milliseconds: 300, ends: false)
    conversation.speak(milliseconds: 1000, ends: false)
    let stalled = WorkerError(.gapTimeout, worker: "piper", message: "stalled")
    conversation.give(.speechFailed(try #require(conversation.speeches.last).call, stalled))
    let request = try #require(
      conversation.actions.compactMap { if case .speak(_, let request) = $0 { request } else { nil } }.last)
    // 1.3 s at 15 letters a second are about 20 letters, and no word is said twice.
    #expect(request.text == "sun is shining on the roofs.")
    #expect(request.avoids == ["piper"])
    conversation.sayAll()
    conversation.advance(milliseconds: 3000)
    let requests = conversation.actions.compactMap { if case .speak(_, let request) = $0 { request } else { nil } }
    #expect(requests.last?.text == "The clock strikes twelve.")
    #expect(requests.last?.avoids == ["piper"], "nor is it asked for the rest of the answer")
    #expect(conversation.responses.map(\.status) == [.completed])
    #expect(conversation.ladderChanges.isEmpty)
  }

  @Test("a sentence that broke off is tried once more before the voice is given up")
  func brokenOff() throws {
    let conversation = Conversation()
    conversation.type("Hello.")
    conversation.answer("It is noon, and the sun is shining on the roofs.")
    conversation.speak(milliseconds: 300, ends: false)
    conversation.give(.speechFailed(try #require(conversation.speeches.last).call, Conversation.refused))
    #expect(conversation.ladderChanges.isEmpty)
    #expect(conversation.speeches.count == 2)
  }

  @Test("a request that was bad says nothing about the worker")
  func badRequest() throws {
    let conversation = Conversation()
    conversation.type("Hello.")
    conversation.answer("Noon.")
    let bad = WorkerError(.refused, worker: "tts", message: "no such voice", status: 400)
    for _ in 0..<2 { conversation.give(.speechFailed(try #require(conversation.speeches.last).call, bad)) }
    #expect(conversation.responses.map(\.status) == [.failed])
    #expect(conversation.ladderChanges.isEmpty)
  }
}

extension SessionPatch {
  static var textOutput: SessionPatch { json(#"{"type":"realtime","output_modalities":["text"]}"#) }
}
