import Realtime
import Resilience
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

@Suite("When nobody can think", .onBothLegs)
struct LostModelTests {
  @Test("an answer that was given before stands in, and is marked; the model is still lost")
  func cachedAnswer() throws {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.textOutput))
    conversation.type("When?")
    let call = try #require(conversation.completions.last).call
    for event: CompletionEvent in [.cached(Conversation.refused), .text("At noon."), .finished(.stop)] {
      conversation.give(.completion(call, event))
    }
    #expect(conversation.responses.map(\.status) == [.completed])
    #expect(conversation.responses.last?.viva?.cached == true)
    #expect(conversation.ladderChanges.map(\.reason) == ["llm_failed"])
    conversation.type("Where?")
    conversation.answer("Here.")
    #expect(conversation.responses.count == 2 && conversation.responses.last?.viva?.cached == nil)
  }

  @Test("the bank's next question is the answer at once, and the model is asked again when probes find it")
  func bank() throws {
    let conversation = Conversation(agent: .withBank)
    conversation.say("Hello.")
    conversation.give(.completionFailed(try #require(conversation.completions.last).call, Conversation.refused))
    #expect(conversation.speeches.last?.text == "What do you do?")
    #expect(conversation.ladderChanges.last?.questions == "bank" && conversation.ladderChanges.last?.to == 3)
    conversation.sayAll()
    #expect(conversation.responses.map(\.status) == [.completed])
    conversation.say("I bake.")
    #expect(conversation.speeches.last?.text == "Since when?")
    conversation.sayAll()
    conversation.say("For years.")
    // One follow-up is the limit.
    #expect(conversation.speeches.last?.text == "Why?")
    conversation.sayAll()
    #expect(conversation.completions.count == 1)
    let asked = conversation.core.state.questions
    #expect(asked.map(\.text) == ["What do you do?", "Since when?", "Why?"])
    #expect(asked.map(\.answers.count) == [1, 1, 0])
    #expect(asked.map(\.isFollowUp) == [false, true, false])

    conversation.restore(.llm)
    conversation.sayAll()
    conversation.say("I like bread.")
    #expect(conversation.completions.count == 2)
    #expect(SessionState(replaying: conversation.log) == conversation.core.state)
    #expect(conversation.violations == [])
  }

  @Test("a topic whose time is over is left, and when all was asked the agent says so")
  func timeBox() {
    let conversation = Conversation(agent: .withBank)
    conversation.lose(.llm)
    conversation.type("Hello.")
    #expect(conversation.speeches.last?.text == "What do you do?")
    conversation.sayAll()
    conversation.advance(milliseconds: 61_000)
    conversation.type("I bake.")
    #expect(conversation.speeches.last?.text == "Where do you live?")
    conversation.sayAll()
    conversation.type("Here.")
    #expect(conversation.speeches.last?.text == "That was all.")
    conversation.sayAll()
  }

  @Test("a shuffled topic has every question once, in the session's own order")
  func shuffled() {
    var agent = Agent.withBank
    var topic = QuestionTopic(name: "Many")
    topic.order = .shuffled
    topic.questions = (0..<8).map { BankQuestion("Question \($0)?") }
    agent.questions.topics = [topic]
    func asked() -> [String] {
      let conversation = Conversation(agent: agent)
      conversation.client(.sessionUpdate(.textOutput))
      conversation.lose(.llm)
      for _ in 0..<8 { conversation.type("Next.") }
      return conversation.core.state.questions.map(\.text)
    }
    let order = asked()
    #expect(Set(order).count == 8)
    #expect(order == asked())
  }

  @Test("without a bank the model is asked again for a while, as ever")
  func withoutBank() throws {
    let conversation = Conversation()
    conversation.say("Hello.")
    conversation.give(.completionFailed(try #require(conversation.completions.last).call, Conversation.refused))
    conversation.advance(milliseconds: 300)
    #expect(conversation.completions.count == 2)
    conversation.answer("Hi.")
    conversation.sayAll()
    #expect(conversation.responses.map(\.status) == [.completed])
  }

  @Test("no free slot is no loss: the model is asked again, and the level stays")
  func busy() throws {
    let conversation = Conversation(agent: .withBank)
    conversation.type("Hello.")
    let busy = WorkerError(.busy, worker: "test", message: "no slot is free")
    conversation.give(.completionFailed(try #require(conversation.completions.last).call, busy))
    #expect(conversation.ladderChanges.isEmpty)
    conversation.advance(milliseconds: 1000)
    #expect(conversation.completions.count == 2)
  }
}
