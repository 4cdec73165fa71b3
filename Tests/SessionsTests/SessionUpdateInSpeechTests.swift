import Realtime
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

@Suite("session.update while somebody speaks", .onBothLegs)
struct SessionUpdateInSpeechTests {
  @Test("leaves the turn as it is when it changes a field of server_vad")
  func fieldChanges() {
    let conversation = Conversation()
    conversation.hear(milliseconds: 500, voiced: true)
    conversation.client(.sessionUpdate(.idleTimeout(5000)))
    conversation.hear(milliseconds: 500, voiced: true)
    conversation.hear(milliseconds: 600, voiced: false)
    conversation.transcribe("Still here.")
    #expect(conversation.types.count { $0 == "input_audio_buffer.speech_started" } == 1)
    #expect(conversation.completions.last?.request.messages.last == .user("Still here."))
    #expect(conversation.violations == [])
  }

  @Test("commits what was said so far when it switches to manual turns, and hears the rest")
  func switchedOff() {
    let conversation = Conversation()
    conversation.hear(milliseconds: 500, voiced: true)
    conversation.client(.sessionUpdate(.turnDetectionOff))
    conversation.transcribe("First half,")
    conversation.hear(milliseconds: 500, voiced: true)
    #expect(conversation.completions.isEmpty)
    conversation.client(.inputAudioBufferCommit)
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.transcribe("second half.")
    #expect(
      conversation.completions.last?.request.messages.suffix(2) == [.user("First half,"), .user("second half.")])
    #expect(conversation.errors == [])
    #expect(conversation.violations == [])
  }

  @Test("decides whether the turn is answered until it ends")
  func createResponseOff() {
    let conversation = Conversation()
    conversation.hear(milliseconds: 500, voiced: true)
    conversation.client(
      .sessionUpdate(
        .json(
          #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","create_response":false}}}}"#
        )))
    conversation.hear(milliseconds: 600, voiced: false)
    conversation.transcribe("No answer, please.")
    #expect(conversation.completions.isEmpty)
  }

  @Test("keeps the voice of an answer that has begun to sound")
  func voiceInMidAnswer() {
    let conversation = Conversation()
    conversation.say("Go.")
    conversation.answer("One. Two.")
    conversation.speak(milliseconds: 1000)
    conversation.client(.sessionUpdate(.json(#"{"type":"realtime","audio":{"output":{"voice":"other"}}}"#)))
    #expect(conversation.errors.map(\.code) == ["cannot_update_voice"])
  }

  @Test("sets the recogniser's language")
  func language() {
    let conversation = Conversation()
    conversation.client(
      .sessionUpdate(.json(#"{"type":"realtime","audio":{"input":{"transcription":{"language":"de"}}}}"#)))
    conversation.hear(milliseconds: 200, voiced: true)
    let languages = conversation.actions.compactMap {
      if case .recognize(_, let request) = $0 { request.language } else { nil }
    }
    #expect(languages == ["de"])
  }

  @Test("and then an item and response.create at once is no race with the greeting")
  func greetingRace() {
    var agent = Agent.forTests
    agent.greeting = "Welcome."
    let conversation = Conversation(agent: agent)
    conversation.client(.sessionUpdate(.idleTimeout(5000)))
    conversation.advance(milliseconds: 5)
    conversation.client(
      .conversationItemCreate(
        item: .message(id: nil, role: .user, parts: [.inputText("Hello.")]), previousItemID: nil))
    conversation.client(.responseCreate(ResponseParameters()))
    #expect(conversation.errors == [])
    #expect(conversation.completions.count == 1)
  }
}
