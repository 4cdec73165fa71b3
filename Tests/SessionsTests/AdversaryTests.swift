import Audio
import Realtime
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

/// Workers that keep silent, answer late or answer nonsense, and clients that change their mind.
@Suite struct AdversaryTests {
  private static let semantic =
    #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"semantic_vad","eagerness":"low"}}}}"#

  private func withTool() -> Conversation {
    var agent = Agent.forTests
    var tool = HTTPTool(name: "look_up", url: "http://tools.test/look_up")
    tool.filler = ToolFiller(phrases: ["One moment."], afterMilliseconds: 700)
    agent.tools = [tool]
    let conversation = Conversation(agent: agent)
    conversation.say("What is the weather?")
    if let call = conversation.completions.last?.call {
      conversation.give(.completion(call, .toolCallStarted(index: 0, callID: "call_1", name: "look_up")))
      conversation.give(.completion(call, .toolCallArguments(index: 0, delta: "{}")))
      conversation.give(.completion(call, .finished(.toolCalls)))
    }
    return conversation
  }

  private func toolCall(of conversation: Conversation) -> CallID? {
    conversation.actions.compactMap { if case .callTool(let call, _) = $0 { call } else { nil } }.last
  }

  @Test("a semantic turn ends by silence when the judge never answers")
  func silentJudge() {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.json(Self.semantic)))
    conversation.hear(milliseconds: 1000, voiced: true)
    conversation.hear(milliseconds: 9000, voiced: false)
    #expect(conversation.types.contains("input_audio_buffer.speech_stopped"))
    let isSpeaking = conversation.core.turns.contains(where: \.isSpeaking)
    #expect(!isSpeaking)
  }

  @Test("a semantic turn ends whatever number the judge names", arguments: [Double.nan, .infinity, -.infinity, -7, 7])
  func nonsenseJudgement(probability: Double) throws {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.json(Self.semantic)))
    conversation.hear(milliseconds: 1000, voiced: true)
    conversation.hear(milliseconds: 300, voiced: false)
    let judgement = conversation.actions.compactMap { if case .judgeTurn(let call, _) = $0 { call } else { nil } }
    conversation.give(.endOfTurn(try #require(judgement.last), probability: probability))
    conversation.hear(milliseconds: 9000, voiced: false)
    let isSpeaking = conversation.core.turns.contains(where: \.isSpeaking)
    #expect(!isSpeaking)
  }

  @Test("turn detection that is switched off in a pause leaves no judgement behind")
  func detectionOffInPause() {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.json(Self.semantic)))
    conversation.hear(milliseconds: 1000, voiced: true)
    conversation.hear(milliseconds: 300, voiced: false)
    let judgements = conversation.actions.compactMap { if case .judgeTurn(let call, _) = $0 { call } else { nil } }
    conversation.client(
      .sessionUpdate(.json(#"{"type":"realtime","audio":{"input":{"turn_detection":null}}}"#)))
    #expect(judgements.isEmpty == false)
    let isPaused = conversation.core.turns.contains { $0.pause != nil }
    #expect(!isPaused)
    #expect(Set(judgements).isSubset(of: conversation.cancelled))
  }

  @Test("a tool's result after the session's end does nothing")
  func toolAfterEnd() throws {
    let conversation = withTool()
    let call = try #require(toolCall(of: conversation))
    conversation.give(.disconnected)
    #expect(conversation.cancelled.contains(call))
    conversation.clear()
    conversation.give(.toolReturned(call, .output("7")))
    #expect(conversation.events.isEmpty)
    #expect(conversation.actions.isEmpty)
  }

  @Test("a tool's result whose call was deleted adds no item and asks for no answer")
  func toolAfterDelete() throws {
    let conversation = withTool()
    let call = try #require(toolCall(of: conversation))
    let item = try #require(conversation.core.state.items.last?.id)
    conversation.client(.conversationItemDelete(itemID: item))
    let before = conversation.completions.count
    conversation.give(.toolReturned(call, .output("7")))
    let hasOutput = conversation.core.state.items.contains {
      if case .functionCallOutput = $0.content { true } else { false }
    }
    #expect(!hasOutput)
    #expect(conversation.completions.count == before)
  }

  @Test("no filler is said while the user speaks")
  func noFillerOverTheUser() throws {
    let conversation = withTool()
    _ = try #require(toolCall(of: conversation))
    conversation.hear(milliseconds: 2000, voiced: true)
    #expect(conversation.speeches.isEmpty)
  }

  @Test("nothing begins after the end of a session")
  func eventsAfterEnd() {
    let conversation = Conversation()
    conversation.advance(milliseconds: 61 * 60_000)
    #expect(conversation.errors.map(\.code) == ["session_expired"])
    conversation.clear()
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.client(.sessionUpdate(.json(Self.semantic)))
    conversation.hear(milliseconds: 1000, voiced: true)
    #expect(conversation.events.isEmpty && conversation.actions.isEmpty)
  }

  @Test("the end of a session ends its out-of-band responses and nothing comes after")
  func outOfBandAtEnd() throws {
    let conversation = Conversation()
    var parameters = ResponseParameters()
    parameters.conversation = .none
    conversation.client(.responseCreate(parameters))
    let call = try #require(conversation.completions.last?.call)
    conversation.give(.disconnected)
    #expect(conversation.order.openResponses.isEmpty)
    #expect(conversation.cancelled.contains(call))
    conversation.clear()
    conversation.give(.completion(call, .text("Late.")))
    conversation.give(.completion(call, .finished(.stop)))
    #expect(conversation.events.isEmpty)
    #expect(conversation.core.nextDeadline(at: conversation.now) == nil)
  }

  @Test("audio after a cancel is not sent, and nothing spins")
  func audioAfterCancel() throws {
    let conversation = Conversation()
    conversation.say("Tell me a story.")
    conversation.answer("Once upon a time there was a king. He lived far away.")
    let call = try #require(conversation.speeches.last?.call)
    conversation.client(.responseCancel(responseID: nil))
    let heard = conversation.audioMilliseconds
    conversation.give(.speech(call, .pcm(Array(repeating: 6000, count: 24_000), sampleRate: 24_000)))
    conversation.give(.speechEnded(call))
    conversation.advance(milliseconds: 3000)
    #expect(conversation.audioMilliseconds == heard)
    #expect(conversation.violations.isEmpty)
  }
}
