import Realtime
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

@Suite("A response beside the conversation", .onBothLegs)
struct OutOfBandTests {
  private func parameters(_ metadata: [String: String]? = nil, _ modality: Modality = .text) -> ResponseParameters {
    var parameters = ResponseParameters()
    parameters.conversation = .none
    parameters.modality = modality
    parameters.metadata = metadata
    return parameters
  }

  private func text(_ text: String) -> ClientEvent.Body {
    .conversationItemCreate(item: .message(id: nil, role: .user, parts: [.inputText(text)]), previousItemID: nil)
  }

  private func created(_ conversation: Conversation) -> [Response] {
    conversation.events.compactMap { if case .responseCreated(let response) = $0 { response } else { nil } }
  }

  /// The conversation's own response, and two beside it, all of them thinking.
  private func three() throws -> (Conversation, own: CallID, first: CallID, second: CallID) {
    let conversation = Conversation()
    conversation.client(text("Hello."))
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.client(.responseCreate(parameters(["task": "mood"])))
    conversation.client(.responseCreate(parameters(["task": "topic"])))
    let calls = conversation.completions.map(\.call)
    try #require(calls.count == 3)
    return (conversation, calls[0], calls[1], calls[2])
  }

  @Test("runs at the same time as the conversation's own, and is told apart by its metadata")
  func parallel() throws {
    let (conversation, own, first, second) = try three()
    for (call, text) in [(second, "Weather."), (own, "Hi "), (first, "Happy."), (own, "there.")] {
      conversation.give(.completion(call, .text(text)))
    }
    for call in [first, own, second] { conversation.give(.completion(call, .finished(.stop))) }
    conversation.speak(milliseconds: 500)
    conversation.advance(milliseconds: 1000)
    #expect(created(conversation).map(\.metadata) == [nil, ["task": "mood"], ["task": "topic"]])
    #expect(created(conversation).map { $0.conversationID != nil } == [true, false, false])
    let done = Dictionary(uniqueKeysWithValues: conversation.responses.map { ($0.metadata?["task"] ?? "own", $0) })
    #expect(
      done.mapValues { $0.output.first?.transcriptText } == ["own": "Hi there.", "mood": "Happy.", "topic": "Weather."])
    #expect(conversation.core.state.items.map(\.transcriptText) == ["Hello.", "Hi there."])
    #expect(conversation.violations == [])
  }

  @Test("is cancelled by its id, and leaves the others alone")
  func cancelByID() throws {
    let (conversation, own, first, second) = try three()
    let ids = created(conversation).map(\.id)
    conversation.give(.completion(first, .text("Hap")))
    conversation.client(.responseCancel(responseID: ids[1]))
    #expect(conversation.cancelled == [first])
    #expect(conversation.responses.map(\.id) == [ids[1]])
    #expect(conversation.responses.last?.status == .cancelled)
    #expect(conversation.responses.last?.output.first?.status == .incomplete)
    let before = conversation.events.count
    conversation.give(.completion(first, .text("py")))
    conversation.give(.completion(first, .finished(.stop)))
    #expect(conversation.events.count == before, "nothing comes after the cancel")
    conversation.client(.responseCancel(responseID: ids[1]), eventID: "again")
    #expect(conversation.errors.last?.code == "response_cancel_not_active")
    #expect(conversation.errors.last?.eventID == "again")
    for call in [own, second] {
      conversation.give(.completion(call, .text("Yes.")))
      conversation.give(.completion(call, .finished(.stop)))
    }
    #expect(conversation.responses.last?.id == ids[2])
    #expect(conversation.violations == [])
  }

  @Test("outlives a cancel without an id, which is for the conversation's own, and a barge-in")
  func notCancelled() throws {
    let (conversation, own, first, second) = try three()
    conversation.client(.responseCancel(responseID: nil))
    #expect(conversation.cancelled == [own])
    conversation.client(.responseCancel(responseID: nil))
    #expect(conversation.errors.last?.code == "response_cancel_not_active")
    conversation.hear(milliseconds: 500, voiced: true)
    #expect(!conversation.cancelled.contains(first) && !conversation.cancelled.contains(second))
    for call in [first, second] {
      conversation.give(.completion(call, .text("Yes.")))
      conversation.give(.completion(call, .finished(.stop)))
    }
    #expect(conversation.responses.map(\.status) == [.cancelled, .completed, .completed])
    #expect(conversation.violations == [])
  }

  @Test("with audio is no part of what is being played, truncated or retrieved")
  func audio() throws {
    let conversation = Conversation()
    conversation.client(.responseCreate(parameters(nil, .audio)))
    conversation.answer("One two three four.")
    conversation.speak(milliseconds: 5000)
    // Nobody listens to it as it comes, so it is not held back.
    #expect(conversation.audioMilliseconds == 5000)
    #expect(conversation.core.playout.sent == 0)
    let item = try #require(conversation.responses.last?.output.first?.id)
    conversation.client(.conversationItemTruncate(itemID: item, contentIndex: 0, audioEndMilliseconds: 0))
    conversation.client(.conversationItemRetrieve(itemID: item))
    #expect(conversation.errors.map(\.param) == ["item_id", "item_id"])
    conversation.hear(milliseconds: 300, voiced: true)
    #expect(!conversation.types.contains("conversation.item.truncated"))
  }

  @Test("is refused beyond the limit, and admitted again when one has ended")
  func limit() throws {
    var limits = LimitSettings()
    limits.outOfBandResponses = 2
    let conversation = Conversation(limits: limits)
    for _ in 0..<2 { conversation.client(.responseCreate(parameters())) }
    conversation.client(.responseCreate(parameters()), eventID: "third")
    #expect(conversation.errors.map(\.code) == ["too_many_responses"])
    #expect(conversation.errors.map(\.eventID) == ["third"])
    conversation.client(.responseCreate(ResponseParameters()))
    #expect(conversation.errors.count == 1, "the conversation's own has its own place")
    conversation.client(.responseCancel(responseID: created(conversation)[0].id))
    conversation.client(.responseCreate(parameters()))
    #expect(conversation.errors.count == 1)
  }

  @Test("reads its own input, be it items, references or nothing at all")
  func input() throws {
    let conversation = Conversation()
    conversation.client(text("Red."))
    conversation.client(text("Blue."))
    let blue = try #require(conversation.core.state.items.last?.id)
    var parameters = parameters()
    parameters.instructions = "Name the colour."
    parameters.input = [.reference(itemID: blue), .item(.message(id: nil, role: .user, parts: [.inputText("Which?")]))]
    conversation.client(.responseCreate(parameters))
    #expect(
      conversation.completions.last?.request.messages == [
        .system("Name the colour."), .user("Blue."), .user("Which?"),
      ])
    parameters.input = []
    conversation.client(.responseCreate(parameters))
    #expect(conversation.completions.last?.request.messages == [.system("Name the colour.")])
    parameters.input = [
      .item(.message(id: nil, role: .user, parts: [.inputText("x")])), .reference(itemID: "item_none"),
    ]
    conversation.client(.responseCreate(parameters), eventID: "mine")
    #expect(conversation.errors.last?.param == "response.input[1].id")
    #expect(conversation.errors.last?.eventID == "mine")
  }

  @Test("that fails leaves the conversation as it is, and owes nobody an answer")
  func fails() throws {
    let (conversation, own, first, _) = try three()
    let refused = WorkerError(.refused, worker: "llm", message: "no", status: 400)
    conversation.give(.completionFailed(first, refused))
    #expect(conversation.responses.map(\.status) == [.failed])
    conversation.give(.completion(own, .text("Hi.")))
    conversation.give(.completion(own, .finished(.stop)))
    conversation.advance(milliseconds: 5000)
    let isOwed = conversation.core.owed != nil
    #expect(!isOwed)
    #expect(conversation.completions.count == 3)
  }
}
