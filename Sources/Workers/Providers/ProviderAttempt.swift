import Runtime

/// One provider's try at a request.
struct ProviderAttempt<Provider: Sendable, Event: Sendable>: Sendable {
  enum Outcome: Sendable {
    /// It was answered, or nobody reads it.
    case over
    /// - Parameters:
    ///   - withheld: What it said that says nothing.
    ///   - isFinal: Another provider cannot answer: it is the request's own fault, or something was said already.
    case failed(WorkerError, withheld: [Event], isFinal: Bool)
  }

  let kind: WorkerKind
  let call: ProviderBoard.Group.Call
  let asking: Asking<Provider, Event>
  let observer: any WorkerObserver
  let board: ProviderBoard
  let results: AsyncThrowingStream<Event, any Error>.Continuation

  func run(_ provider: Provider, _ index: Int) async -> Outcome {
    let context = CallContext { [board, kind, asking, call] in
      board.limit(kind, of: call.id, work: asking.work())
    }
    let events = CallContext.$current.withValue(context) { asking.call(provider, index) }
    return await read(events)
  }

  private func read(_ events: AsyncThrowingStream<Event, any Error>) async -> Outcome {
    let asked = Instant.now
    var firstResult: Duration?
    var withheld: [Event] = []
    func report(_ outcome: String) {
      observer.requestFinished(
        kind: kind, provider: call.id, outcome: outcome, firstResult: firstResult, total: Instant.now - asked)
    }
    func succeed() {
      report("ok")
      board.succeeded(kind, told, after: firstResult ?? Instant.now - asked)
    }
    func leave() -> Outcome {
      report("cancelled")
      board.ignored(kind, call)
      return .over
    }
    do {
      for try await event in events {
        let stage = asking.stage(event)
        if stage == .hollow, firstResult == nil {
          withheld.append(event)
          guard withheld.count <= Self.mostWithheld else { throw nothingSaid }
          continue
        }
        if stage == .result || stage == .last, firstResult == nil {
          firstResult = max(.zero, Instant.now - (asking.started() ?? asked))
          for event in withheld { results.yield(event) }
          withheld = []
        }
        // Its reader may leave at the last event, which is no cancel.
        if stage == .last { succeed() }
        results.yield(event)
        if stage == .last { return .over }
      }
      if Task.isCancelled { return leave() }
      if !withheld.isEmpty { throw nothingSaid }
      succeed()
      return .over
    } catch {
      let error = error as? WorkerError ?? WorkerError(.connection, worker: call.id, message: "\(error)")
      guard !Task.isCancelled else { return leave() }
      report(error.kind.rawValue)
      board.failed(kind, told, error)
      return .failed(error, withheld: withheld, isFinal: !error.isRetryable || firstResult != nil)
    }
  }

  /// Far more than a worker says before it says something.
  private static var mostWithheld: Int { 2000 }

  private var nothingSaid: WorkerError {
    WorkerError(.emptyReply, worker: call.id, message: "it answered, and said nothing")
  }

  /// With the work as it turned out to be, and what was waited for it.
  private var told: ProviderBoard.Group.Call {
    var told = call
    told.work = asking.work()
    told.limit = board.limit(kind, of: call.id, work: told.work) ?? call.limit
    return told
  }
}
