import Runtime

/// What an event of a worker's reply means to whoever may still turn to another worker.
enum ResultStage {
  /// May be said again by another provider.
  case preliminary
  case result
  /// A result after which nothing comes.
  case last
}

/// Providers of one kind, tried in their order: the next one when one fails, in a way that may not be the request's
/// fault, before its first result.
struct OrderedProviders<Provider: Sendable>: Sendable {
  let kind: WorkerKind
  let providers: [Provider]
  let nameOf: @Sendable (Provider) -> String
  let observer: any WorkerObserver

  var name: String { providers.map(nameOf).joined(separator: ",") }

  /// - Parameters:
  ///   - started: When the wait for the first result began, asked when that came; nil means with the request.
  ///   - mayGoOn: Whether the request can be made again.
  ///   - call: Makes the request to a provider; is given how many were asked before.
  func ask<Event: Sendable>(
    stage: @Sendable @escaping (Event) -> ResultStage,
    started: @Sendable @escaping () -> Instant? = { nil },
    mayGoOn: @Sendable @escaping () -> Bool = { true },
    _ call: @Sendable @escaping (Provider, Int) -> AsyncThrowingStream<Event, any Error>
  ) -> AsyncThrowingStream<Event, any Error> {
    AsyncThrowingStream { results in
      let task = Task {
        guard !providers.isEmpty else {
          results.finish(
            throwing: WorkerError(.connection, worker: kind.rawValue, message: "no provider is configured"))
          return
        }
        for (index, provider) in providers.enumerated() {
          let error = await attempt(provider, index, stage: stage, started: started, call, results)
          guard let error else { return }
          guard error.isTransient, index + 1 < providers.count, mayGoOn() else {
            results.finish(throwing: error.error)
            return
          }
        }
      }
      results.onTermination = { if case .cancelled = $0 { task.cancel() } }
    }
  }

  private struct Failure {
    var error: WorkerError
    /// Another provider may answer: it is worth a try, and nothing was said yet that it would say again.
    var isTransient: Bool
  }

  /// - Returns: nil when `results` is finished or nobody reads it.
  private func attempt<Event: Sendable>(
    _ provider: Provider, _ index: Int,
    stage: (Event) -> ResultStage, started: () -> Instant?,
    _ call: (Provider, Int) -> AsyncThrowingStream<Event, any Error>,
    _ results: AsyncThrowingStream<Event, any Error>.Continuation
  ) async -> Failure? {
    let asked = Instant.now
    var firstResult: Duration?
    func report(_ outcome: String) {
      observer.requestFinished(
        kind: kind, provider: nameOf(provider), outcome: outcome, firstResult: firstResult,
        total: Instant.now - asked)
    }
    do {
      for try await event in call(provider, index) {
        let stage = stage(event)
        if stage != .preliminary, firstResult == nil {
          firstResult = max(.zero, Instant.now - (started() ?? asked))
        }
        // Its reader may leave at the last event, which is no cancel.
        if stage == .last { report("ok") }
        results.yield(event)
        if stage == .last {
          results.finish()
          return nil
        }
      }
      report(Task.isCancelled ? "cancelled" : "ok")
      results.finish()
      return nil
    } catch {
      let error =
        error as? WorkerError ?? WorkerError(.connection, worker: nameOf(provider), message: "\(error)")
      guard !Task.isCancelled else {
        report("cancelled")
        results.finish()
        return nil
      }
      report(error.kind.rawValue)
      return Failure(error: error, isTransient: error.isRetryable && firstResult == nil)
    }
  }
}
