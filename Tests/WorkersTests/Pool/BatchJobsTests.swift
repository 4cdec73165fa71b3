import Resilience
import Runtime
import Testing

@testable import Workers

@Suite struct BatchJobsTests {
  let clock = TestClock()

  private func jobs(_ model: any LanguageModel, mayRetry: Bool = true) -> BatchJobs {
    let fast = RetryProfile(maxRetries: 2, firstDelay: .milliseconds(1), maxDelay: .milliseconds(2))
    return BatchJobs(model, retries: fast, clock: clock.time) { mayRetry }
  }

  private func ended(_ jobs: BatchJobs, _ id: String) async -> BatchJobs.Status? {
    var found: BatchJobs.Status?
    _ = await eventually {
      found = jobs.status(of: id)
      if case .running? = found { return false }
      return true
    }
    return found
  }

  @Test("an answer is fetched once")
  func fetchedOnce() async throws {
    let jobs = jobs(ScriptedModel("a", [.text("x"), .text("y"), .finished(.length)]))
    let id = try #require(jobs.submit(.init(messages: []), .medium))
    guard case .completed(let result)? = await ended(jobs, id) else { throw CancellationError() }
    #expect(result.text == "xy" && result.finishReason == .length)
    #expect(jobs.status(of: id) == nil && jobs.count == 0)
  }

  @Test("what may pass is tried again, from the budget; what may not is not", arguments: [true, false])
  func retries(mayRetry: Bool) async throws {
    let failing = ScriptedModel("a", [], WorkerError(.connection, worker: "a", message: "x"))
    let jobs = jobs(failing, mayRetry: mayRetry)
    let id = try #require(jobs.submit(.init(messages: []), .low))
    guard case .failed(let error)? = await ended(jobs, id) else { throw CancellationError() }
    #expect(error.kind == .connection && failing.calls == (mayRetry ? 3 : 1))
    let busy = ScriptedModel("b", [], WorkerError(.busy, worker: "b", message: "x", retryAfter: .seconds(3)))
    let other = self.jobs(busy)
    let second = try #require(other.submit(.init(messages: []), .low))
    guard case .failed(let refusal)? = await ended(other, second) else { throw CancellationError() }
    #expect(refusal.retryAfter == .seconds(3) && busy.calls == 1)
  }

  @Test("a job that nobody asks after is given up, and there are only so many")
  func patience() async throws {
    let jobs = jobs(SilentModel())
    let id = try #require(jobs.submit(.init(messages: []), .low))
    for _ in 1..<BatchJobs.most { #expect(jobs.submit(.init(messages: []), .low) != nil) }
    #expect(jobs.submit(.init(messages: []), .low) == nil)
    clock.pass(.seconds(61))
    #expect(jobs.status(of: id) == nil && jobs.count == 0)
    let last = try #require(jobs.submit(.init(messages: []), .low))
    #expect(jobs.cancel(last) && !jobs.cancel(last))
  }
}

/// Never answers.
private struct SilentModel: LanguageModel {
  let name = "silent"

  func complete(_ request: CompletionRequest) -> AsyncThrowingStream<CompletionEvent, any Error> {
    AsyncThrowingStream { _ in }
  }
}
