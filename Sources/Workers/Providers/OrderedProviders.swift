import Runtime
import Scheduling

/// Providers of one kind, asked along the way that the board gives: the next one when one fails, in a way that may not be
/// the request's fault, before its first result.
struct OrderedProviders<Provider: Sendable>: Sendable {
  let kind: WorkerKind
  let providers: [ProviderInstances<Provider>]
  /// Whether a provider is expected to answer. One that is not comes after those that are, so it is asked only when
  /// they have failed, or when there is no other.
  var isAvailable: @Sendable (String) -> Bool = { _ in true }
  let observer: any WorkerObserver
  let board: ProviderBoard
  var pool: WorkerPool?

  var name: String { names.joined(separator: ",") }

  private var names: [String] { providers.map(\.name) }

  /// Whether a request is made once at most.
  var hasOneInstance: Bool { providers.reduce(0) { $0 + $1.instances.count } <= 1 }

  /// A request on its way from provider to provider.
  private struct Journey {
    let began = Instant.now
    var way: ProviderBoard.Group.Way
    /// It was somewhere already.
    var hasBegun = false
    /// Times that it found no free slot anywhere, and when this round of asking began.
    var rounds = 0
    var roundBegan = Instant.now
  }

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
    var error = WorkerError(
      .connection, worker: kind.rawValue,
      message: providers.isEmpty ? "no provider is configured" : "no provider may be asked now")
    var hollow: [Event] = []
    guard let way = board.way(kind, order: names, isAvailable: isAvailable) else {
      return results.finish(throwing: error)
    }
    var journey = Journey(way: way)
    let priority = CallPriority.current ?? CallPriority(.critical)
    while let call = await next(&journey, asking, priority, after: error) {
      guard let index = providers.firstIndex(where: { $0.name == call.id }) else { continue }
      let wish = SlotWish(
        lane: .init(kind: kind, provider: call.id), priority: priority, arrivedAt: journey.began,
        waitsAgain: journey.hasBegun)
      journey.hasBegun = true
      let attempt = ProviderAttempt(
        kind: kind, call: call, asking: asking, observer: observer, board: board, pool: pool, wish: wish,
        results: results)
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

  /// A live call that found no free slot anywhere asks again for a while: better late than not at all. It keeps its place
  /// before those that came later, and so waits in the queues for most of this time.
  private static var slotPatience: Duration { .seconds(5) }
  /// From one round to the next, at least.
  private static var slotPause: Duration { .milliseconds(100) }

  private func next<Event: Sendable>(
    _ journey: inout Journey, _ asking: Asking<Provider, Event>, _ priority: CallPriority, after error: WorkerError
  ) async -> ProviderBoard.Group.Call? {
    if let call = board.next(kind, on: &journey.way, work: asking.work()) { return call }
    guard error.kind == .busy, priority.value.isLive, Instant.now - journey.began < Self.slotPatience,
      // To wait costs nobody anything; to begin anew may.
      journey.rounds > 0 || board.takeRetry()
    else { return nil }
    let pause = Self.slotPause - (Instant.now - journey.roundBegan)
    if pause > .zero { try? await Task.sleep(for: pause) }
    guard !Task.isCancelled,
      let again = board.way(kind, order: names, isAgain: true, isAvailable: isAvailable)
    else { return nil }
    journey.way = again
    journey.rounds += 1
    journey.roundBegan = .now
    return board.next(kind, on: &journey.way, work: asking.work())
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
