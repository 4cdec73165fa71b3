import Runtime
import Synchronization
import VivaConfiguration

/// Answers of all sessions' models, for `CachingLanguageModel`s. For any thread.
public final class SharedAnswers: Sendable {
  private let cache: Mutex<AnswerCache>
  private let clock: @Sendable () -> Instant

  public init(_ settings: AnswerCacheSettings, clock: @escaping @Sendable () -> Instant = { .now }) {
    cache = Mutex(
      AnswerCache(
        lifetime: .seconds(settings.lifetimeSeconds), mostEntries: settings.maximumEntries,
        mostBytes: settings.maximumBytes))
    self.clock = clock
  }

  fileprivate func answer(to key: AnswerKey) -> String? {
    cache.withLock { $0.answer(to: key, at: clock()) }
  }

  fileprivate func keep(_ text: String, for key: AnswerKey) {
    cache.withLock { $0.keep(text, for: key, at: clock()) }
  }
}

/// When no model answers, says what one has answered to the very same question before, and that it does so
/// (`CompletionEvent.cached`). What calls functions is not kept: it would be about another moment.
public struct CachingLanguageModel: LanguageModel {
  private let model: any LanguageModel
  private let answers: SharedAnswers

  public var name: String { model.name }

  public init(_ model: any LanguageModel, answers: SharedAnswers) {
    self.model = model
    self.answers = answers
  }

  public func complete(_ request: CompletionRequest) -> AsyncThrowingStream<CompletionEvent, any Error> {
    // The rest of an answer is nobody's whole answer.
    guard request.avoids.isEmpty else { return model.complete(request) }
    return AsyncThrowingStream { results in
      let task = Task { await read(request, results) }
      results.onTermination = { if case .cancelled = $0 { task.cancel() } }
    }
  }

  private func read(
    _ request: CompletionRequest, _ results: AsyncThrowingStream<CompletionEvent, any Error>.Continuation
  ) async {
    var text = ""
    var isWords = true
    var hasBegun = false
    do {
      for try await event in model.complete(request) {
        switch event {
        case .text(let piece):
          hasBegun = true
          if text.utf8.count <= AnswerCache.largestAnswer { text += piece }
        case .toolCallStarted, .toolCallArguments: (hasBegun, isWords) = (true, false)
        case .finished(.stop) where isWords: answers.keep(text, for: AnswerKey(request))
        case .finished, .usage, .cached: break
        }
        results.yield(event)
      }
      results.finish()
    } catch let error as WorkerError where error.isRetryable && !hasBegun && !Task.isCancelled {
      guard let answer = answers.answer(to: AnswerKey(request)) else { return results.finish(throwing: error) }
      results.yield(.cached(error))
      results.yield(.text(answer))
      results.yield(.finished(.stop))
      results.finish()
    } catch {
      results.finish(throwing: error)
    }
  }
}
