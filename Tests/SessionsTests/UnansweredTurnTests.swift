import Realtime
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

/// Somebody who asked something must not wait for ever, whatever comes between.
@Suite("A turn that waits for its answer", .onBothLegs)
struct UnansweredTurnTests {
  private let refused = WorkerError(.refused, worker: "asr", message: "no", status: 400)

  @Test("is answered when a cough behind it holds no words")
  func coughAfterTurn() {
    let conversation = Conversation()
    conversation.hear(milliseconds: 1000, voiced: true)
    conversation.hear(milliseconds: 600, voiced: false)
    conversation.hear(milliseconds: 200, voiced: true)
    // The transcript comes while the user coughs.
    conversation.give(.recognition(conversation.recognitions[0], .final(Transcript(text: "What time is it?"))))
    #expect(conversation.completions.isEmpty)
    conversation.hear(milliseconds: 600, voiced: false)
    conversation.transcribe("")
    #expect(conversation.completions.last?.request.messages.last == .user("What time is it?"))
    #expect(conversation.violations == [])
  }

  @Test("is answered when a cough cut the answer off before a word of it was heard")
  func coughBeforeAnswer() {
    let conversation = Conversation()
    conversation.say("What time is it?")
    conversation.hear(milliseconds: 200, voiced: true)
    #expect(conversation.responses.map(\.status) == [.cancelled])
    conversation.hear(milliseconds: 600, voiced: false)
    conversation.transcribe("")
    #expect(conversation.completions.count == 2)
    conversation.answer("It is noon.")
    conversation.speak(milliseconds: 500)
    conversation.advance(milliseconds: 1000)
    #expect(conversation.responses.map(\.status) == [.cancelled, .completed])
  }

  @Test("is not answered again when the agent's first sound came back as an echo")
  func echo() {
    let conversation = Conversation()
    conversation.say("What time is it?")
    conversation.answer("It is noon.")
    conversation.speak(milliseconds: 2000)
    conversation.hear(milliseconds: 200, voiced: true)
    #expect(conversation.responses.map(\.status) == [.cancelled])
    conversation.hear(milliseconds: 600, voiced: false)
    conversation.transcribe("")
    #expect(conversation.completions.count == 1)
  }

  @Test("is answered when the client clears what was said behind it")
  func clearedAfterTurn() {
    let conversation = Conversation()
    conversation.hear(milliseconds: 1000, voiced: true)
    conversation.hear(milliseconds: 600, voiced: false)
    conversation.hear(milliseconds: 200, voiced: true)
    conversation.give(.recognition(conversation.recognitions[0], .final(Transcript(text: "Hello?"))))
    conversation.client(.inputAudioBufferClear)
    #expect(conversation.completions.count == 1)
  }

  @Test("is answered behind a response that it may not interrupt")
  func notInterrupting() {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.noInterruption))
    conversation.say("Tell me a story.")
    conversation.answer("Once there was a king.")
    conversation.speak(milliseconds: 4000)
    conversation.say("Which king?")
    #expect(conversation.completions.count == 1)
    conversation.advance(milliseconds: 4000)
    #expect(conversation.completions.last?.request.messages.last == .user("Which king?"))
  }

  @Test("is not answered when the client cancels")
  func clientCancels() {
    let conversation = Conversation()
    conversation.say("What time is it?")
    conversation.client(.responseCancel(responseID: nil))
    conversation.advance(milliseconds: 5000)
    #expect(conversation.completions.count == 1)
    #expect(conversation.core.response == nil)
  }

  @Test("does not hold a response back once it is deleted")
  func deletedWhileWaiting() throws {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.turnDetectionOff))
    conversation.hear(milliseconds: 500, voiced: true)
    conversation.client(.inputAudioBufferCommit)
    let id = try #require(conversation.core.state.items.last?.id)
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.client(.conversationItemDelete(itemID: id))
    #expect(conversation.completions.count == 1)
  }

  @Test("whose recogniser fails for good in mid-speech still stops, is committed, then fails")
  func recognizerFailsInSpeech() throws {
    let conversation = Conversation()
    conversation.hear(milliseconds: 500, voiced: true)
    conversation.give(.recognitionFailed(conversation.recognitions[0], refused))
    #expect(conversation.speeches.isEmpty)
    conversation.hear(milliseconds: 500, voiced: true)
    conversation.hear(milliseconds: 600, voiced: false)
    conversation.give(.recognitionFailed(try #require(conversation.recognitions.last), refused))
    #expect(conversation.types.contains("input_audio_buffer.committed"))
    #expect(conversation.types.contains("conversation.item.input_audio_transcription.failed"))
    #expect(conversation.speeches.count == 1)
    #expect(conversation.violations == [])
  }

  @Test("is not transcribed twice by a recogniser that was done before the speaker was")
  func earlyTranscript() throws {
    let conversation = Conversation()
    conversation.hear(milliseconds: 500, voiced: true)
    let call = conversation.recognitions[0]
    conversation.give(.recognition(call, .final(Transcript(text: "Early."))))
    // The shell's word when a recogniser's stream has ended.
    conversation.give(.recognitionFailed(call, WorkerError(.malformed, worker: "asr", message: "ended")))
    conversation.hear(milliseconds: 600, voiced: false)
    #expect(conversation.recognitions.count == 1)
    #expect(conversation.completions.last?.request.messages.last == .user("Early."))
  }

  @Test("starts the wait for silence anew when it held no words")
  func silenceAfterCough() {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.idleTimeout(5000)))
    conversation.say("Hello.")
    conversation.answer("Hi.")
    conversation.speak(milliseconds: 600)
    conversation.advance(milliseconds: 1000)
    conversation.say("", milliseconds: 200)
    conversation.advance(milliseconds: 6000)
    #expect(conversation.types.contains("input_audio_buffer.timeout_triggered"))
  }

  @Test("as an item counts in the backlog: what waits for a slow recogniser is bounded")
  func backlogOfItems() {
    let conversation = Conversation()
    for _ in 0..<40 {
      conversation.client(
        .conversationItemCreate(
          item: .message(
            id: nil, role: .user, parts: [.inputAudio(audio: Array(repeating: 0, count: 4800), transcript: nil)]),
          previousItemID: nil))
    }
    #expect(conversation.core.turns.count <= 16)
    #expect(conversation.violations == [])
  }
}

extension SessionPatch {
  static var noInterruption: SessionPatch {
    json(
      #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","interrupt_response":false}}}}"#
    )
  }
}
