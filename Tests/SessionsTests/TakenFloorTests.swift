import Realtime
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

@Suite("While a person speaks in the agent's place", .onBothLegs)
struct TakenFloorTests {
  private func telling() -> Conversation {
    let conversation = Conversation()
    conversation.say("Tell me a story.")
    conversation.answer("Once there was a king. He had a very large horse.")
    conversation.speak(milliseconds: 2000)
    conversation.advance(milliseconds: 1000)
    return conversation
  }

  /// What the person says, up to its transcript.
  private func person(_ text: String, _ conversation: Conversation) {
    for _ in 0..<50 {
      conversation.give(.floorVoice(Array(repeating: 8000, count: 320)))
      conversation.advance(milliseconds: 20)
    }
    for _ in 0..<30 {
      conversation.give(.floorSilence(samples: 320))
      conversation.advance(milliseconds: 20)
    }
    conversation.transcribe(text)
  }

  private func words(_ conversation: Conversation) -> [String] {
    conversation.core.state.items.map { "\($0.isAssistantMessage ? "A" : "U"): \($0.transcriptText ?? "")" }
  }

  @Test("the agent's answer is cut at what was heard")
  func cut() {
    let conversation = telling()
    conversation.clear()
    conversation.give(.floorTaken(participantID: "guest_1"))
    #expect(conversation.responses.last?.status == .cancelled)
    #expect(conversation.types.last == "conversation.item.truncated")
    #expect(words(conversation) == ["U: Tell me a story.", "A: Once there"])
    #expect(conversation.core.state.floorHolder == "guest_1")
    #expect(conversation.violations == [])
  }

  @Test("the caller is written down and not answered, and what the person says is the assistant's")
  func transcripts() {
    let conversation = telling()
    conversation.give(.floorTaken(participantID: "guest_1"))
    let completions = conversation.completions.count
    person("Hello, I am Anna.", conversation)
    conversation.say("Hello Anna.")
    person("How can I help?", conversation)
    conversation.advance(milliseconds: 30_000)
    #expect(conversation.completions.count == completions)
    #expect(
      words(conversation) == [
        "U: Tell me a story.", "A: Once there", "A: Hello, I am Anna.", "U: Hello Anna.", "A: How can I help?",
      ])
    #expect(conversation.core.response == nil)
    #expect(conversation.violations == [])
  }

  @Test("what the person said is told to webhooks when it is added, and nothing of the agent's is")
  func webhooks() {
    let conversation = telling()
    conversation.give(.floorTaken(participantID: "guest_1"))
    person("Hello, I am Anna.", conversation)
    let told = conversation.log.compactMap { if case .itemAdded(let item, _) = $0 { item.personsWords } else { nil } }
    #expect(told == ["Hello, I am Anna."])
  }

  @Test("what the person said stands where it was said, however late it is understood")
  func lateTranscript() throws {
    let conversation = telling()
    conversation.give(.floorTaken(participantID: "guest_1"))
    person("", conversation)
    for _ in 0..<50 { conversation.give(.floorVoice(Array(repeating: 8000, count: 320))) }
    for _ in 0..<30 { conversation.give(.floorSilence(samples: 320)) }
    let call = try #require(conversation.recognitions.last)
    conversation.say("Yes.")
    conversation.give(.recognition(call, .final(Transcript(text: "Is it you?"))))
    #expect(words(conversation).suffix(2) == ["A: Is it you?", "U: Yes."])
  }

  @Test("nobody can ask the agent to answer, but beside the conversation")
  func responses() {
    let conversation = telling()
    conversation.give(.floorTaken(participantID: "guest_1"))
    conversation.client(.responseCreate(ResponseParameters()))
    #expect(conversation.errors.map(\.code) == ["floor_taken"])
    var summary = ResponseParameters()
    summary.conversation = ResponseParameters.Conversation.none
    summary.modality = .text
    conversation.client(.responseCreate(summary))
    conversation.answer("So far, so good.")
    #expect(conversation.responses.last?.status == .completed)
  }

  @Test("handed back while the caller waits, the agent answers with all that was said")
  func handback() throws {
    let conversation = telling()
    conversation.give(.floorTaken(participantID: "guest_1"))
    person("I am Anna. Your order is number seven.", conversation)
    conversation.say("Thank you. When will it come?")
    let before = conversation.completions.count
    conversation.give(.floorReturned)
    #expect(conversation.completions.count == before + 1)
    let messages = try #require(conversation.completions.last?.request.messages)
    #expect(messages.contains(.assistant("I am Anna. Your order is number seven.")))
    #expect(messages.contains(.user("Thank you. When will it come?")))
    #expect(conversation.core.state.floorHolder == nil)
    conversation.answer("Tomorrow.")
    conversation.speak(milliseconds: 500)
    conversation.advance(milliseconds: 2000)
    #expect(conversation.responses.last?.status == .completed)
    #expect(SessionState(replaying: conversation.log) == conversation.core.state)
  }

  @Test("handed back in mid-sentence, the agent waits until it knows what the person said")
  func handbackInSpeech() {
    let conversation = telling()
    conversation.give(.floorTaken(participantID: "guest_1"))
    conversation.say("Who are you?")
    for _ in 0..<50 { conversation.give(.floorVoice(Array(repeating: 8000, count: 320))) }
    let before = conversation.completions.count
    conversation.give(.floorReturned)
    #expect(conversation.completions.count == before)
    conversation.transcribe("I am Anna.")
    // The person had the last word, so the caller is.
    #expect(conversation.completions.count == before)
    conversation.say("Nice to meet you.")
    #expect(conversation.completions.count == before + 1)
  }

  @Test("handed back after the person's own word, the agent waits for the caller")
  func handbackAnswered() {
    let conversation = telling()
    conversation.give(.floorTaken(participantID: "guest_1"))
    conversation.say("Who are you?")
    person("I am Anna.", conversation)
    let before = conversation.completions.count
    conversation.give(.floorReturned)
    conversation.advance(milliseconds: 10_000)
    #expect(conversation.completions.count == before)
    conversation.client(.responseCreate(ResponseParameters()))
    #expect(conversation.completions.count == before + 1)
  }

  @Test("a turn that is being transcribed at the takeover is not answered, one at the handback is")
  func turnsAtTheSeams() {
    let conversation = Conversation()
    conversation.hear(milliseconds: 1000, voiced: true)
    conversation.hear(milliseconds: 600, voiced: false)
    conversation.give(.floorTaken(participantID: "guest_1"))
    conversation.transcribe("Are you there?")
    #expect(conversation.completions.isEmpty)
    conversation.hear(milliseconds: 1000, voiced: true)
    conversation.hear(milliseconds: 600, voiced: false)
    conversation.give(.floorReturned)
    #expect(conversation.completions.isEmpty)
    conversation.transcribe("Hello?")
    #expect(conversation.completions.count == 1)
  }

  @Test("a recogniser that fails is tried again, and then the words are lost, not the conversation")
  func recogniserFails() {
    let conversation = telling()
    conversation.give(.floorTaken(participantID: "guest_1"))
    conversation.say("Who are you?")
    person("", conversation)
    for _ in 0..<50 { conversation.give(.floorVoice(Array(repeating: 8000, count: 320))) }
    for _ in 0..<30 { conversation.give(.floorSilence(samples: 320)) }
    conversation.give(.floorReturned)
    let before = conversation.recognitions.count
    for _ in 0..<60 {
      if let call = conversation.recognitions.last {
        conversation.give(.recognitionFailed(call, WorkerError(.connection, worker: "asr", message: "gone")))
      }
      conversation.advance(milliseconds: 500)
    }
    #expect(conversation.recognitions.count > before)
    #expect(conversation.core.floor == nil)
    #expect(conversation.core.response != nil, "the caller's question is the agent's now")
  }

  @Test("what a tool has found out is told once the agent has its place again")
  func tools() throws {
    var agent = Agent.forTests
    agent.tools = [HTTPTool(name: "look_up", url: "http://tools.test/look_up")]
    let conversation = Conversation(agent: agent)
    conversation.say("Look it up.")
    let call = try #require(conversation.completions.last?.call)
    conversation.give(.completion(call, .toolCallStarted(index: 0, callID: "call_1", name: "look_up")))
    conversation.give(.completion(call, .finished(.toolCalls)))
    let tool = try #require(
      conversation.actions.compactMap { if case .callTool(let call, _) = $0 { call } else { nil } }.last)
    conversation.give(.floorTaken(participantID: "guest_1"))
    conversation.give(.toolReturned(tool, .output("7")))
    conversation.advance(milliseconds: 5000)
    #expect(conversation.completions.count == 1)
    conversation.give(.floorReturned)
    #expect(conversation.completions.count == 2)
  }
}
