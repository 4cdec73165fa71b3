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
  /// Whether a provider is expected to answer. One that is not comes after those that are, so it is asked only when
  /// they have failed, or when there is no other.
  var isAvailable: @Sendable (String) -> Bool = { _ in true }
  let observer: any WorkerObserver

  var name: String { providers.map(nameOf).joined(separator: ",") }

  /// - Parameters:
  ///   - started: When the wait for the first result began, asked when that came; nil means with the request.
  ///   - mayGoOn: Whether the request can be made again.
  ///   - call: Makes the request to a provider; is given its position in the order that was configured.
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
        var waiting = byAvailability()[...]
        while let index = waiting.popFirst() {
          let error = await attempt(providers[index], index, stage: stage, started: started, call, results)
          guard let error else { return }
          guard error.isTransient, !waiting.isEmpty, mayGoOn() else {
            results.finish(throwing: error.error)
            return
          }
        }
      }
      results.onTermination = { if case .cancelled = $0 { task.cancel() } }
    }
  }

  /// Indices of the providers.
  private func byAvailability() -> [Int] {
    let available = providers.indices.filter { isAvailable(nameOf(providers[$0])) }
    guard available.count < providers.count else { return available }
    return available + providers.indices.filter { !available.contains($0) }
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
