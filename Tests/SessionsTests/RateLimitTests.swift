import Realtime
import Resilience
import Runtime
import Synchronization
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

/// Requests and tokens a minute, over all sessions of a key.
@Suite("A key's budget")
struct RateLimitTests {
  private let start = Instant(nanoseconds: 0)

  private func usage(responses: Int, tokens: Int) -> KeyUsage {
    var limits = LimitSettings()
    limits.responsesPerMinute = responses
    limits.tokensPerMinute = tokens
    return KeyUsage(limits)
  }

  private func figures(_ event: ServerEvent) -> [String: Int]? {
    guard case .rateLimitsUpdated(let limits) = event else { return nil }
    return Dictionary(uniqueKeysWithValues: limits.map { ($0.name, $0.remaining) })
  }

  private func ask(_ conversation: Conversation) {
    conversation.client(.responseCreate(ResponseParameters()))
  }

  @Test("admits as many answers as a minute has, and not one more")
  func requests() {
    let usage = usage(responses: 3, tokens: 1000)
    let admitted = (0..<5).map { _ in usage.admitResponse(reserving: 0, at: start).isAdmitted }
    #expect(admitted == [true, true, true, false, false])
    #expect(usage.admitResponse(reserving: 0, at: start + .seconds(20)).isAdmitted)
    #expect(!usage.admitResponse(reserving: 0, at: start + .seconds(20)).isAdmitted)
  }

  @Test("sets tokens aside for an answer, and gives back what it did not take")
  func reservation() throws {
    let usage = usage(responses: 100, tokens: 1000)
    let first = usage.admitResponse(reserving: 600, at: start)
    #expect(first.reserved == 600)
    #expect(first.limits.last == RateLimit(name: "tokens", limit: 1000, remaining: 400, resetSeconds: 36))
    let second = usage.admitResponse(reserving: 600, at: start)
    #expect(second.reserved == 400 && second.isAdmitted)
    #expect(!usage.admitResponse(reserving: 1, at: start).isAdmitted)
    usage.settle(reserved: 600, used: 100, at: start)
    #expect(usage.admitResponse(reserving: 0, at: start).limits.last?.remaining == 500)
    usage.settle(reserved: 400, used: 5000, at: start)
    #expect(usage.admitResponse(reserving: 0, at: start).limits.last?.remaining == 0)
  }

  @Test("takes no number for a reason to trap, or to be refilled", arguments: [Int.min, -1, 0, 1, Int.max])
  func hostile(number: Int) {
    let usage = usage(responses: 100, tokens: 1000)
    _ = usage.admitResponse(reserving: number, at: start)
    usage.settle(reserved: number, used: number, at: start)
    usage.settle(reserved: 0, used: Int.max, at: start)
    #expect(!usage.admitResponse(reserving: 1, at: start).isAdmitted)
  }

  @Test("is shared by the sessions of the key, and shown by each of them as it stands")
  func shared() throws {
    let usage = usage(responses: 3, tokens: 1_000_000)
    let sessions = (0..<2).map { _ in Conversation(budget: usage) }
    for session in sessions { session.client(.sessionUpdate(.textOnly)) }
    ask(sessions[0])
    ask(sessions[1])
    let shown = sessions.map { $0.events.compactMap(figures).last?["requests"] }
    #expect(shown == [2, 1])
    let types = sessions[0].types.filter { $0 == "response.created" || $0 == "rate_limits.updated" }
    #expect(types == ["response.created", "rate_limits.updated"])
  }

  @Test("that is used up ends the response as failed with rate_limit_exceeded, once")
  func refused() throws {
    let usage = usage(responses: 1, tokens: 1_000_000)
    let conversation = Conversation(budget: usage)
    conversation.say("Hello.")
    conversation.answer("Hi.")
    conversation.speak(milliseconds: 300)
    conversation.advance(milliseconds: 1000)
    conversation.clear()
    conversation.say("And now?")
    // Audio goes on for a while: nobody asks again and again on its behalf.
    conversation.hear(milliseconds: 2000, voiced: false)
    #expect(conversation.types.count { $0 == "response.created" } == 1)
    #expect(conversation.responses.map(\.status) == [.failed])
    #expect(conversation.responses.last?.statusDetails?.error?.code == "rate_limit_exceeded")
    #expect(conversation.responses.last?.statusDetails?.error?.type == "rate_limit_error")
    #expect(conversation.completions.isEmpty)
    #expect(conversation.violations == [])
  }

  @Test("that is used up ends an answer from tools as failed, once")
  func refusedTools() throws {
    var agent = Agent.forTests
    agent.tools = [HTTPTool(name: "look_up", url: "http://tools.test/look_up")]
    let conversation = Conversation(agent: agent, budget: usage(responses: 1, tokens: 1_000_000))
    conversation.say("What is the weather?")
    let call = try #require(conversation.completions.last?.call)
    conversation.give(.completion(call, .toolCallStarted(index: 0, callID: "call_1", name: "look_up")))
    conversation.give(.completion(call, .finished(.toolCalls)))
    let tool = conversation.actions.compactMap { if case .callTool(let call, _) = $0 { call } else { nil } }
    conversation.give(.toolReturned(try #require(tool.last), .output("sunny")))
    conversation.hear(milliseconds: 1000, voiced: false)
    #expect(conversation.responses.map(\.status) == [.completed, .failed])
  }

  @Test("is charged for answers that were cancelled before the model's server told what they cost")
  func cancelled() throws {
    let spy = Spy()
    let conversation = Conversation(budget: spy)
    conversation.client(
      .sessionUpdate(.json(#"{"type":"realtime","output_modalities":["text"],"max_output_tokens":99}"#)))
    conversation.client(
      .conversationItemCreate(
        item: .message(id: nil, role: .user, parts: [.inputText(String(repeating: "Tell me more. ", count: 100))]),
        previousItemID: nil))
    ask(conversation)
    let call = try #require(conversation.completions.last?.call)
    conversation.give(.completion(call, .text(String(repeating: "word ", count: 200))))
    conversation.client(.responseCancel(responseID: nil))
    let (reserved, used) = spy.settled.withLock { $0 }
    #expect(reserved == [99])
    // 1,400 characters in, beside the instructions, and 1,000 out: four a token.
    #expect(used.count == 1 && (600...620).contains(used[0]))
  }

  @Test("is charged once for each answer, whatever the model's server tells", arguments: [Int.max, -5, 0])
  func nonsenseUsage(tokens: Int) throws {
    let spy = Spy()
    let conversation = Conversation(budget: spy)
    conversation.client(.sessionUpdate(.textOnly))
    ask(conversation)
    let call = try #require(conversation.completions.last?.call)
    conversation.give(.completion(call, .text("Hi.")))
    conversation.give(.completion(call, .usage(TokenUsage(inputTokens: tokens, outputTokens: tokens))))
    conversation.give(.completion(call, .finished(.stop)))
    #expect(spy.settled.withLock { $0.used } == [max(0, tokens)])
    #expect(conversation.responses.last?.status == .completed)
  }

  /// Admits all, and writes down what is booked.
  private final class Spy: ResponseBudget {
    let settled = Mutex((reserved: [Int](), used: [Int]()))

    func admitResponse(reserving tokens: Int, at now: Instant) -> ResponseAdmission {
      ResponseAdmission(isAdmitted: true, reserved: tokens)
    }

    func settle(reserved: Int, used: Int, at now: Instant) {
      settled.withLock {
        $0.reserved.append(reserved)
        $0.used.append(used)
      }
    }
  }
}
