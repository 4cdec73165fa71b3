import Realtime
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

@Suite("A spoken turn", .onBothLegs)
struct TurnTests {
  @Test("goes from speech to answer, every event in the protocol's order")
  func wholeTurn() {
    let conversation = Conversation()
    conversation.clear()
    conversation.say("What time is it?")
    conversation.answer("It is noon. Time for lunch.")
    conversation.speak(milliseconds: 800)
    conversation.speak(milliseconds: 700)
    conversation.advance(milliseconds: 3000)

    #expect(
      conversation.types.filter { !$0.hasSuffix("audio.delta") && !$0.hasPrefix("output_audio") } == [
        "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added", "conversation.item.done",
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.completed",
        "response.created", "response.output_item.added", "conversation.item.added",
        "response.content_part.added", "response.output_audio_transcript.delta",
        "response.output_audio_transcript.delta", "response.output_audio.done",
        "response.output_audio_transcript.done", "response.content_part.done", "response.output_item.done",
        "conversation.item.done", "response.done",
      ])
    #expect(conversation.violations == [])
    #expect(conversation.audioMilliseconds == 1500)
    #expect(conversation.responses.last?.status == .completed)
    #expect(
      conversation.core.state.items.map(\.transcriptText) == [
        "What time is it?", "It is noon. Time for lunch. ",
      ])
  }

  @Test("hands the recogniser the prefix padding and every sample after it, once")
  func audioToRecognizer() {
    let conversation = Conversation()
    conversation.hear(milliseconds: 1000, voiced: false)
    conversation.hear(milliseconds: 1000, voiced: true)
    conversation.hear(milliseconds: 1000, voiced: false)
    let fed = conversation.actions.reduce(0) {
      if case .feed(_, let audio) = $1 { $0 + audio.count } else { $0 }
    }
    let started = conversation.events.compactMap {
      if case .inputAudioBufferSpeechStarted(let start, _) = $0 { start } else { nil }
    }
    let stopped = conversation.events.compactMap {
      if case .inputAudioBufferSpeechStopped(let end, _) = $0 { end } else { nil }
    }
    #expect(started.count == 1 && stopped.count == 1)
    #expect(abs(started[0] - 700) <= 40)
    #expect(abs(stopped[0] - 2500) <= 40)
    #expect(fed == (stopped[0] - started[0]) * 16)
  }

  @Test("of which nothing was understood is not answered")
  func nothingHeard() {
    let conversation = Conversation()
    conversation.say("")
    #expect(conversation.completions.isEmpty)
    #expect(conversation.types.contains("conversation.item.input_audio_transcription.completed"))
  }

  @Test("starts the voice on the first clause, while the model still talks")
  func firstClause() {
    let conversation = Conversation()
    conversation.say("Tell me something.")
    let call = conversation.completions[0].call
    conversation.give(.completion(call, .text("Well, that is easy to say, and ")))
    #expect(conversation.speeches.map(\.text) == ["Well, that is easy to say,"])
    conversation.speak(milliseconds: 500)
    conversation.advance(milliseconds: 100)
    #expect(conversation.audioMilliseconds > 0)
    #expect(conversation.core.response != nil)
  }

  @Test("sends audio no further ahead than configured")
  func pacing() {
    let conversation = Conversation()
    conversation.say("Go on.")
    conversation.answer("A long answer.")
    conversation.speak(milliseconds: 5000)
    #expect(conversation.audioMilliseconds <= 400)
    for elapsed in stride(from: 100, through: 4000, by: 100) {
      conversation.advance(milliseconds: 100)
      #expect(conversation.audioMilliseconds <= elapsed + 400)
      #expect(conversation.audioMilliseconds >= min(5000, elapsed + 200))
    }
  }

  @Test("is transcribed again when the recogniser dies in the middle of it")
  func recognizerDies() {
    let conversation = Conversation()
    conversation.hear(milliseconds: 500, voiced: true)
    conversation.give(
      .recognitionFailed(
        conversation.recognitions[0], WorkerError(.connection, worker: "asr", message: "connection reset")))
    conversation.hear(milliseconds: 500, voiced: true)
    conversation.hear(milliseconds: 600, voiced: false)
    conversation.advance(milliseconds: 500)
    #expect(conversation.recognitions.count == 2)
    let refed = conversation.actions.reduce(0) { sum, action in
      if case .feed(conversation.recognitions[1], let audio) = action { sum + audio.count } else { sum }
    }
    #expect(refed >= 1400 * 16)
    conversation.transcribe("Here I am.")
    #expect(conversation.completions.count == 1)
  }

  @Test("that cannot be transcribed at all is said to have failed, and the agent asks to type")
  func recognizerGone() {
    let conversation = Conversation()
    conversation.hear(milliseconds: 1000, voiced: true)
    conversation.hear(milliseconds: 600, voiced: false)
    for _ in 0..<40 {
      guard let call = conversation.recognitions.last, !conversation.core.turns.isEmpty else { break }
      conversation.give(.recognitionFailed(call, WorkerError(.connection, worker: "asr", message: "refused")))
      conversation.advance(milliseconds: 2000)
    }
    #expect(conversation.types.contains("conversation.item.input_audio_transcription.failed"))
    #expect(conversation.speeches.first?.text.hasPrefix("I cannot hear you") == true)
  }

  @Test("that is committed by the client is answered when the client asks")
  func manualTurn() throws {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.turnDetectionOff))
    conversation.hear(milliseconds: 1000, voiced: true)
    conversation.client(.inputAudioBufferCommit)
    conversation.client(.responseCreate(ResponseParameters()))
    // The response waits for the transcript of what was committed before it.
    #expect(conversation.completions.isEmpty)
    #expect(conversation.types.last == "response.created")
    conversation.transcribe("A manual turn.")
    let request = try #require(conversation.completions.first?.request)
    #expect(request.messages.last == .user("A manual turn."))
    #expect(conversation.violations == [])
  }

  @Test("asks whether anybody is there when idle_timeout_ms has passed")
  func idleTimeout() {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.idleTimeout(5000)))
    conversation.say("Hello.")
    conversation.answer("Hi.")
    conversation.speak(milliseconds: 600)
    conversation.advance(milliseconds: 3000)
    #expect(!conversation.types.contains("input_audio_buffer.timeout_triggered"))
    conversation.advance(milliseconds: 4000)
    #expect(conversation.types.contains("input_audio_buffer.timeout_triggered"))
    #expect(conversation.completions.count == 2)
  }
}

extension SessionPatch {
  static var turnDetectionOff: SessionPatch {
    json(#"{"type":"realtime","audio":{"input":{"turn_detection":null}}}"#)
  }

  static func idleTimeout(_ milliseconds: Int) -> SessionPatch {
    json(
      #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","idle_timeout_ms":\#(milliseconds)}}}}"#
    )
  }

  static var textOnly: SessionPatch { json(#"{"type":"realtime","output_modalities":["text"]}"#) }

  /// A patch as a client would send it.
  static func json(_ session: String) -> SessionPatch {
    let event = try? ClientEvent.decode(Array(#"{"type":"session.update","session":\#(session)}"#.utf8))
    guard case .sessionUpdate(let patch) = event?.body else { fatalError("not a session: \(session)") }
    return patch
  }
}
