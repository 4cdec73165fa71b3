import Runtime
import Scheduling

/// Providers of one kind, asked along the way that the board gives: the next one when one fails, in a way that may not be
/// the request's fault, before its first result.
struct OrderedProviders<Provider: Sendable>: Sendable {
  let kind: WorkerKind
  let providers: [Provider]
  let nameOf: @Sendable (Provider) -> String
  /// Whether a provider is expected to answer. One that is not comes after those that are, so it is asked only when
  /// they have failed, or when there is no other.
  var isAvailable: @Sendable (String) -> Bool = { _ in true }
  let observer: any WorkerObserver
  let board: ProviderBoard
  var pool: WorkerPool?

  var name: String { providers.map(nameOf).joined(separator: ",") }

  /// Those of these names come after the others.
  func avoiding(_ names: [String]) -> Self {
    guard !names.isEmpty else { return self }
    var others = self
    others.isAvailable = { [isAvailable] in isAvailable($0) && !names.contains($0) }
    return others
  }

  func ask<Event: Sendable>(_ asking: Asking<Provider, Event>) -> AsyncThrowingStream<Event, any Error> {
    AsyncThrowingStream { results in
      let task = Task { await goAlong(asking, results) }
      results.onTermination = { if case .cancelled = $0 { task.cancel() } }
    }
  }

  private func goAlong<Event: Sendable>(
    _ asking: Asking<Provider, Event>, _ results: AsyncThrowingStream<Event, any Error>.Continuation
  ) async {
    let names = providers.map(nameOf)
    let began = Instant.now
    var error = WorkerError(
      .connection, worker: kind.rawValue,
      message: providers.isEmpty ? "no provider is configured" : "no provider may be asked now")
    var hollow: [Event] = []
    guard var way = board.way(kind, order: names, isAvailable: isAvailable) else {
      return results.finish(throwing: error)
    }
    while let call = await next(&way, names, asking, after: error, since: began) {
      guard let index = names.firstIndex(of: call.id) else { continue }
      let attempt = ProviderAttempt(
        kind: kind, call: call, asking: asking, observer: observer, board: board, pool: pool, results: results)
      switch await attempt.run(providers[index], index) {
      case .over: return results.finish()
      case .failed(let failure, let withheld, let isFinal):
        if isFinal { return results.finish(throwing: failure) }
        error = failure
        if !withheld.isEmpty { hollow = withheld }
        if !asking.mayGoOn() { return end(with: hollow, asking, error, results) }
      }
    }
    end(with: hollow, asking, error, results)
  }

  /// A live call that found no free slot anywhere asks again for a while: better late than not at all.
  private static var slotPatience: Duration { .seconds(5) }
  private static var slotPause: Duration { .milliseconds(200) }

  private func next<Event: Sendable>(
    _ way: inout ProviderBoard.Group.Way, _ names: [String], _ asking: Asking<Provider, Event>,
    after error: WorkerError, since began: Instant
  ) async -> ProviderBoard.Group.Call? {
    if let call = board.next(kind, on: &way, work: asking.work()) { return call }
    guard error.kind == .busy, CallPriority.current.rawValue <= Priority.high.rawValue,
      Instant.now - began < Self.slotPatience,
      board.takeRetry()
    else { return nil }
    try? await Task.sleep(for: min(Self.slotPause, error.retryAfter ?? Self.slotPause))
    guard !Task.isCancelled, let again = board.way(kind, order: names, isAvailable: isAvailable) else { return nil }
    way = again
    return board.next(kind, on: &way, work: asking.work())
  }

  /// No other provider is left.
  private func end<Event: Sendable>(
    with hollow: [Event], _ asking: Asking<Provider, Event>, _ error: WorkerError,
    _ results: AsyncThrowingStream<Event, any Error>.Continuation
  ) {
    guard asking.takesHollow, !hollow.isEmpty else { return results.finish(throwing: error) }
    for event in hollow { results.yield(event) }
    results.finish()
  }
}
