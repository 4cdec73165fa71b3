import Realtime
import Testing
import Workers

@testable import Sessions

@Suite("A model that breaks off in mid-reply")
struct BrokenOffReplyTests {
  private static let stalled = WorkerError(.gapTimeout, worker: "first", message: "stalled")
  private static let gone = WorkerError(.connection, worker: "second", message: "connection refused")

  private func begin(_ conversation: Conversation, saying words: String) throws -> CallID {
    conversation.type("Tell me a story.")
    let call = try #require(conversation.completions.last?.call)
    conversation.give(.completion(call, .text(words)))
    return call
  }

  private func text(_ conversation: Conversation) -> String? {
    conversation.core.state.items.last?.transcriptText
  }

  @Test("is followed by another at once, which goes on in the same message")
  func goesOn() throws {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.textOutput))
    let call = try begin(conversation, saying: "Once there was")
    conversation.give(.completionFailed(call, Self.stalled))
    #expect(conversation.completions.count == 2)
    let request = try #require(conversation.completions.last?.request)
    #expect(request.messages.last == .assistant("Once there was"))
    #expect(request.messages.first == .system("Be brief.\n\n" + Prompt.goOn))
    #expect(request.avoids == ["first"])
    conversation.answer("there was a ship.")
    #expect(text(conversation) == "Once there was a ship. ")
    #expect(conversation.responses.map(\.status) == [.completed])
    #expect(conversation.responses.last?.output.count == 1)
    #expect(conversation.ladderChanges.isEmpty && conversation.violations == [])
    let deltas = conversation.events.compactMap {
      if case .responseOutputTextDelta(_, let delta) = $0 { delta } else { nil }
    }
    #expect(deltas.joined() == "Once there was a ship. ")
  }

  @Test("is spoken on from its last whole word")
  func spoken() throws {
    let conversation = Conversation()
    let call = try begin(conversation, saying: "Once there was. A sh")
    conversation.give(.completionFailed(call, Self.stalled))
    #expect(conversation.completions.last?.request.messages.last == .assistant("Once there was. A"))
    conversation.answer("ship sailed.")
    conversation.sayAll()
    conversation.advance(milliseconds: 3000)
    #expect(conversation.speeches.map(\.text) == ["Once there was.", "A ship sailed."])
    #expect(conversation.responses.map(\.status) == [.completed])
    #expect(text(conversation) == "Once there was. A ship sailed. ")
    #expect(conversation.violations == [])
  }

  @Test("ends the response when others break off, too, or nobody goes on")
  func bounded() throws {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.textOutput))
    var call = try begin(conversation, saying: "One")
    for word in [" two", " three"] {
      conversation.give(.completionFailed(call, Self.stalled))
      call = try #require(conversation.completions.last?.call)
      conversation.give(.completion(call, .text(word + " and")))
    }
    conversation.give(.completionFailed(call, Self.stalled))
    conversation.advance(milliseconds: 20_000)
    #expect(conversation.completions.count == 3)
    #expect(conversation.responses.map(\.status) == [.failed])
    #expect(text(conversation) == "One two and three and")
  }

  @Test("is tried once more when nobody answers, and the ladder hears of that")
  func nobodyAnswers() throws {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.textOutput))
    conversation.give(.completionFailed(try begin(conversation, saying: "One"), Self.stalled))
    #expect(conversation.ladderChanges.isEmpty)
    conversation.give(.completionFailed(try #require(conversation.completions.last?.call), Self.gone))
    #expect(conversation.ladderChanges.last?.reason == "llm_failed")
    #expect(conversation.responses.isEmpty && conversation.completions.count == 2)
    conversation.advance(milliseconds: 500)
    #expect(conversation.completions.last?.request.avoids == ["first", "second"])
    conversation.answer("two.")
    #expect(conversation.responses.map(\.status) == [.completed])
    #expect(text(conversation) == "One two. ")
  }

  @Test("is at its end when the next has nothing to add to a whole sentence")
  func nothingToAdd() throws {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.textOutput))
    conversation.give(.completionFailed(try begin(conversation, saying: "Done."), Self.stalled))
    let empty = WorkerError(.emptyReply, worker: "second", message: "no words")
    conversation.give(.completionFailed(try #require(conversation.completions.last?.call), empty))
    #expect(conversation.responses.map(\.status) == [.completed])
    #expect(conversation.ladderChanges.isEmpty)
  }

  @Test("is no reason to go on with a function call that is half there, or after a bad request")
  func noContinuation() throws {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.textOutput))
    let call = try begin(conversation, saying: "Let me see.")
    conversation.give(.completion(call, .toolCallStarted(index: 0, callID: "call_1", name: "look")))
    conversation.give(.completionFailed(call, Self.stalled))
    #expect(conversation.completions.count == 1 && conversation.responses.map(\.status) == [.failed])
    let bad = WorkerError(.refused, worker: "first", message: "bad", status: 400)
    conversation.give(.completionFailed(try begin(conversation, saying: "Let me see."), bad))
    #expect(conversation.completions.count == 2 && conversation.responses.map(\.status) == [.failed, .failed])
  }

  @Test("is cut off like any answer while another goes on")
  func interrupted() throws {
    let conversation = Conversation()
    conversation.give(.completionFailed(try begin(conversation, saying: "Once there was. A sh"), Self.stalled))
    let continuation = try #require(conversation.completions.last?.call)
    conversation.client(.responseCancel(responseID: nil))
    #expect(conversation.cancelled.contains(continuation))
    #expect(conversation.responses.map(\.status) == [.cancelled])
    conversation.advance(milliseconds: 20_000)
    #expect(conversation.completions.count == 2 && conversation.violations == [])
  }

  @Test("counts the tokens of both, and asks for no more than were left")
  func tokens() throws {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.textOutput))
    conversation.client(
      .conversationItemCreate(item: .message(id: nil, role: .user, parts: [.inputText("Hi")]), previousItemID: nil))
    var parameters = ResponseParameters()
    parameters.maxOutputTokens = .limited(100)
    conversation.client(.responseCreate(parameters))
    let call = try #require(conversation.completions.last?.call)
    conversation.give(.completion(call, .text(String(repeating: "word ", count: 40))))
    conversation.give(.completionFailed(call, Self.stalled))
    #expect(conversation.completions.last?.request.sampling.maxTokens == 50)
    conversation.answer("end.")
    #expect(try #require(conversation.responses.last?.usage).outputTokens == 60)
  }
}
