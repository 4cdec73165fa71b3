import Realtime
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

@Suite("idle_timeout_ms", .onBothLegs)
struct SilenceTests {
  /// A conversation in which the agent has just been given 1 s to say, with the time-out set.
  private func answered(_ milliseconds: Int = 5000, agent: Agent = .forTests) -> Conversation {
    let conversation = Conversation(agent: agent)
    conversation.client(.sessionUpdate(.idleTimeout(milliseconds)))
    conversation.say("Hello.")
    conversation.answer("Hi.")
    conversation.speak(milliseconds: 1000)
    return conversation
  }

  private func timeouts(_ conversation: Conversation) -> [(start: Int, end: Int)] {
    conversation.events.compactMap {
      if case .inputAudioBufferTimeoutTriggered(let start, let end, _) = $0 { (start, end) } else { nil }
    }
  }

  @Test("counts from the end of the playing, to the millisecond, and tells where in the audio the silence lay")
  func exact() throws {
    let conversation = answered()
    let said = conversation.core.input.milliseconds
    conversation.hear(milliseconds: 5980, voiced: false)
    #expect(timeouts(conversation).isEmpty)
    conversation.hear(milliseconds: 40, voiced: false)
    let timeout = try #require(timeouts(conversation).first)
    #expect(abs(timeout.start - (said + 1000)) <= 20)
    #expect(abs(timeout.end - (said + 6000)) <= 20)
    let types = Array(conversation.types.drop { $0 != "input_audio_buffer.timeout_triggered" })
    #expect(
      types.prefix(5) == [
        "input_audio_buffer.timeout_triggered", "input_audio_buffer.committed", "conversation.item.added",
        "conversation.item.done", "response.created",
      ])
    #expect(conversation.violations == [])
  }

  @Test("with a client that sends no audio in the silence names a stretch without length, and none before its start")
  func mute() throws {
    let conversation = answered()
    let said = conversation.core.input.milliseconds
    conversation.advance(milliseconds: 7000)
    let timeout = try #require(timeouts(conversation).first)
    #expect(timeout.start == said && timeout.end == said)
  }

  @Test("begins again after each of its own answers")
  func again() {
    let conversation = answered()
    conversation.advance(milliseconds: 7000)
    conversation.answer("Still there?")
    conversation.speak(milliseconds: 1000)
    conversation.advance(milliseconds: 5900)
    #expect(timeouts(conversation).count == 1)
    conversation.advance(milliseconds: 200)
    #expect(timeouts(conversation).count == 2)
  }

  @Test("never begins before the agent has spoken")
  func neverSpoken() {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.idleTimeout(5000)))
    conversation.hear(milliseconds: 20_000, voiced: false)
    #expect(timeouts(conversation).isEmpty)
  }

  @Test("is put off by a turn, a response, a tool at work, and a change of turn_detection")
  func putOff() throws {
    let spoken = answered()
    spoken.advance(milliseconds: 5500)
    spoken.hear(milliseconds: 300, voiced: true)
    spoken.advance(milliseconds: 6000)
    #expect(timeouts(spoken).isEmpty, "somebody speaks")

    let waiting = answered()
    waiting.advance(milliseconds: 5500)
    waiting.client(.responseCreate(ResponseParameters()))
    waiting.advance(milliseconds: 20_000)
    #expect(timeouts(waiting).isEmpty, "the model thinks")

    let updated = answered()
    updated.advance(milliseconds: 5500)
    updated.client(.sessionUpdate(.idleTimeout(6000)))
    updated.advance(milliseconds: 5900)
    #expect(timeouts(updated).isEmpty)
    updated.advance(milliseconds: 200)
    #expect(timeouts(updated).count == 1)

    var agent = Agent.forTests
    agent.tools = [HTTPTool(name: "look_up", url: "http://tools.test/look_up")]
    let working = Conversation(agent: agent)
    working.client(.sessionUpdate(.idleTimeout(5000)))
    working.say("What is the weather?")
    let call = try #require(working.completions.last?.call)
    working.give(.completion(call, .toolCallStarted(index: 0, callID: "call_1", name: "look_up")))
    working.give(.completion(call, .finished(.toolCalls)))
    working.advance(milliseconds: 20_000)
    #expect(timeouts(working).isEmpty, "a tool works")
  }

  @Test(
    "ends with null, with another kind of turn detection, and with none",
    arguments: [
      #"{"type":"server_vad","idle_timeout_ms":null}"#, #"{"type":"semantic_vad"}"#, "null",
    ])
  func switchedOff(detection: String) {
    let conversation = answered()
    conversation.client(
      .sessionUpdate(.json(#"{"type":"realtime","audio":{"input":{"turn_detection":\#(detection)}}}"#)))
    conversation.advance(milliseconds: 60_000)
    #expect(timeouts(conversation).isEmpty)
  }

  @Test("is not cut short by a response beside the conversation")
  func outOfBand() {
    let conversation = answered()
    conversation.advance(milliseconds: 3000)
    var parameters = ResponseParameters()
    parameters.conversation = .none
    parameters.modality = .text
    conversation.client(.responseCreate(parameters))
    conversation.answer("Beside.")
    conversation.advance(milliseconds: 2900)
    #expect(timeouts(conversation).isEmpty)
    conversation.advance(milliseconds: 300)
    #expect(timeouts(conversation).count == 1)
  }
}
