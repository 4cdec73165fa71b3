import Runtime
import Synchronization
import Testing
import VivaConfiguration

@testable import Workers

@Suite struct AnswerCacheTests {
  private let start = Instant(nanoseconds: 0)

  private func key(_ text: String) -> AnswerKey { AnswerKey(CompletionRequest(messages: [.user(text)])) }

  @Test func anAnswerIsKeptForItsTime() {
    var cache = AnswerCache(lifetime: .seconds(60), mostEntries: 10, mostBytes: 1000)
    cache.keep("Noon.", for: key("When?"), at: start)
    #expect(cache.answer(to: key("When?"), at: start + .seconds(59)) == "Noon.")
    #expect(cache.answer(to: key("Where?"), at: start) == nil)
    #expect(cache.answer(to: key("When?"), at: start + .seconds(60)) == nil)
    #expect(cache.count == 0 && cache.bytes == 0)
  }

  @Test func whatWasNotAskedForLongestGoesFirst() {
    var cache = AnswerCache(lifetime: .seconds(60), mostEntries: 3, mostBytes: 1000)
    for number in 0..<3 { cache.keep("\(number)", for: key("\(number)"), at: start) }
    _ = cache.answer(to: key("0"), at: start)
    cache.keep("3", for: key("3"), at: start)
    #expect(cache.answer(to: key("0"), at: start) == "0")
    #expect(cache.answer(to: key("1"), at: start) == nil)
    #expect(cache.count == 3)
  }

  @Test func itNeverTakesMoreThanItMay() {
    var cache = AnswerCache(lifetime: .seconds(60), mostEntries: 50, mostBytes: 2000)
    var random = Seeded(state: 7)
    for number in 0..<2000 {
      let text = String(repeating: "x", count: Int.random(in: 0...400, using: &random))
      cache.keep(text, for: key("\(number % 90)"), at: start + .milliseconds(number * 50))
      #expect(cache.count <= 50 && cache.bytes <= 2000)
    }
    cache.keep(String(repeating: "x", count: 2001), for: key("long"), at: start)
    #expect(cache.answer(to: key("long"), at: start) == nil)
  }

  @Test func theKeyIsAllThatWasAsked() {
    var requests = [CompletionRequest(messages: [.user("a")])]
    func vary(_ change: (inout CompletionRequest) -> Void) {
      var request = requests[0]
      change(&request)
      requests.append(request)
    }
    vary { $0.messages = [.assistant("a")] }
    vary { $0.messages = [.user("a"), .user("")] }
    vary { $0.messages.insert(.system("b"), at: 0) }
    vary { $0.tools = [FunctionTool(name: "f")] }
    vary { $0.tools = [FunctionTool(name: "f", description: "")] }
    vary { $0.toolChoice = .function("f") }
    vary { $0.sampling.temperature = 0 }
    vary { $0.sampling.topP = 0 }
    vary { $0.sampling.stop = ["a"] }
    vary { $0.reasoningEffort = "low" }
    #expect(Set(requests.map(AnswerKey.init)).count == requests.count)
    // Who is asked is no part of it.
    var other = requests[0]
    other.avoids = ["first"]
    #expect(AnswerKey(other) == AnswerKey(requests[0]))
  }
}

@Suite struct CachingLanguageModelTests {
  /// Says what it is told to, or fails.
  private final class Script: LanguageModel {
    let name = "script"
    private let replies: Mutex<[Result<[CompletionEvent], WorkerError>]>

    init(_ replies: [Result<[CompletionEvent], WorkerError>]) { self.replies = Mutex(replies) }

    func complete(_ request: CompletionRequest) -> AsyncThrowingStream<CompletionEvent, any Error> {
      let reply = replies.withLock { $0.removeFirst() }
      return AsyncThrowingStream { results in
        switch reply {
        case .success(let events):
          for event in events { results.yield(event) }
          results.finish()
        case .failure(let error): results.finish(throwing: error)
        }
      }
    }
  }

  private static let gone = WorkerError(.connection, worker: "script", message: "refused")
  private static let noon: [CompletionEvent] = [.text("At "), .text("noon."), .finished(.stop)]
  private let question = CompletionRequest(messages: [.user("When?")])

  private func model(
    _ replies: [Result<[CompletionEvent], WorkerError>], clock: @escaping @Sendable () -> Instant = { .now }
  ) -> CachingLanguageModel {
    CachingLanguageModel(Script(replies), answers: SharedAnswers(AnswerCacheSettings(), clock: clock))
  }

  @Test func saysAgainWhatWasAnsweredWhenNobodyAnswers() async throws {
    let model = model([.success(Self.noon), .failure(Self.gone), .failure(Self.gone)])
    #expect(try await all(model.complete(question)) == Self.noon)
    #expect(
      try await all(model.complete(question)) == [.cached(Self.gone), .text("At noon."), .finished(.stop)])
    #expect(await failure(model.complete(CompletionRequest(messages: [.user("Where?")]))) == Self.gone)
  }

  @Test func forgetsAfterItsTime() async throws {
    let now = Mutex(Instant(nanoseconds: 0))
    let model = model([.success(Self.noon), .failure(Self.gone)]) { now.withLock { $0 } }
    _ = try await all(model.complete(question))
    now.withLock { $0 = $0 + .seconds(3600) }
    #expect(await failure(model.complete(question)) == Self.gone)
  }

  @Test func keepsNoFunctionCallsAndNothingThatWasCutShort() async throws {
    for events: [CompletionEvent] in [
      [.text("Wait."), .toolCallStarted(index: 0, callID: "c", name: "f"), .finished(.stop)],
      [.text("At"), .finished(.length)], [.text("At")],
    ] {
      let model = model([.success(events), .failure(Self.gone)])
      _ = try await all(model.complete(question))
      #expect(await failure(model.complete(question)) == Self.gone)
    }
  }

  @Test func aBadRequestIsNotAnsweredFromIt() async throws {
    let bad = WorkerError(.refused, worker: "script", message: "bad", status: 400)
    let model = model([.success(Self.noon), .failure(bad)])
    _ = try await all(model.complete(question))
    #expect(await failure(model.complete(question)) == bad)
  }
}
