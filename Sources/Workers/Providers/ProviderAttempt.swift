import Runtime

/// One provider's try at a request, from its slot to its end; again from the beginning where a more urgent call took the
/// slot before anything was said, and at the provider's next instance where one of them has failed.
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
  let pool: WorkerPool?
  let wish: SlotWish
  let results: AsyncThrowingStream<Event, any Error>.Continuation

  func run(_ provider: ProviderInstances<Provider>, _ index: Int) async -> Outcome {
    var lease: Lease?
    do {
      lease = try await pool?.lease(wish)
    } catch {
      return noSlot(error)
    }
    while true {
      let context = CallContext { [board, kind, asking, call] in
        board.limit(kind, of: call.id, work: asking.work())
      }
      let instance = provider[lease?.instance ?? 0]
      pool?.running(kind, call.id, 1)
      let outcome = await read(under: context, lease) { asking.call(instance, index) }
      pool?.running(kind, call.id, -1)
      switch outcome {
      case .over:
        lease?.end(.answered)
        return .over
      case .failed(let error, let withheld, let isFinal):
        lease?.end(CallEnding(error))
        if !isFinal, let other = await elsewhere(after: error, lease) {
          lease = other
          continue
        }
        board.failed(kind, told, error)
        return .failed(error, withheld: withheld, isFinal: isFinal)
      case .left(let hasSpoken):
        guard let held = lease else { return .over }
        let isRevoked = held.isRevoked && !Task.isCancelled
        guard isRevoked, !hasSpoken else {
          // The slot is free when the worker has stopped, and the reader need not wait for that.
          held.stopping()
          Task {
            await stop(context, held)
            held.stopped()
          }
          if isRevoked { return .failed(lostSlot, withheld: [], isFinal: true) }
          return .over
        }
        await stop(context, held)
        do { lease = try await held.again() } catch { return noSlot(error) }
      }
    }
  }

  /// A slot of an instance that has not failed this call; nil where the next provider is to be asked instead. What the model
  /// has to say does not depend on where it runs, so an empty answer is no reason.
  private func elsewhere(after error: WorkerError, _ lease: Lease?) async -> Lease? {
    guard let pool, error.countsAgainstProvider, error.kind != .emptyReply, asking.mayGoOn(), !Task.isCancelled,
      let wish = lease?.wishElsewhere(), let other = try? await pool.lease(wish)
    else { return nil }
    guard wish.avoids.contains(other.instance) else { return other }
    // Only those that have failed it have a free slot.
    other.end(.failed)
    return nil
  }

  private enum ReadOutcome: Sendable {
    case over
    case failed(WorkerError, withheld: [Event], isFinal: Bool)
    /// Its reader has left, or its slot was taken.
    case left(hasSpoken: Bool)
  }

  /// In a task of its own, so that it can be cancelled for the sake of its slot.
  private func read(
    under context: CallContext, _ lease: Lease?,
    _ call: @escaping @Sendable () -> AsyncThrowingStream<Event, any Error>
  ) async -> ReadOutcome {
    let reading = Task { await read(CallContext.$current.withValue(context) { call() }, lease) }
    lease?.onRevoke { reading.cancel() }
    return await withTaskCancellationHandler {
      await reading.value
    } onCancel: {
      reading.cancel()
    }
  }

  /// Waits until the connections are closed, and as long as the worker says that it needs to stop.
  private func stop(_ context: CallContext, _ lease: Lease) async {
    let free = Instant.now + lease.cancelLatency
    await context.allEnded()
    // Not shortened by a cancel of this task: the worker does not stop sooner for it.
    let pause = max(.zero, free - .now)
    await Task.detached { try? await Task.sleep(for: pause) }.value
  }

  private func noSlot(_ error: any Error) -> Outcome {
    board.ignored(kind, call)
    guard let error = error as? WorkerError else { return .over }
    observer.requestFinished(
      kind: kind, provider: call.id, outcome: error.kind.rawValue, firstResult: nil, total: .zero)
    return .failed(error, withheld: [], isFinal: false)
  }

  private var lostSlot: WorkerError {
    WorkerError(.busy, worker: call.id, message: "a more urgent call took the slot", retryAfter: .seconds(1))
  }

  // MARK: Reading

  private func read(_ events: AsyncThrowingStream<Event, any Error>, _ lease: Lease?) async -> ReadOutcome {
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
    var hasSpoken: Bool { firstResult != nil && !asking.isWhole }
    func leave() -> ReadOutcome {
      report(lease?.isRevoked == true ? "preempted" : "cancelled")
      board.ignored(kind, call)
      return .left(hasSpoken: hasSpoken)
    }
    func release() {
      for event in withheld { results.yield(event) }
      withheld = []
    }
    do {
      for try await event in events {
        let stage = asking.stage(event)
        if stage == .result || stage == .last, firstResult == nil {
          firstResult = max(.zero, Instant.now - (asking.started() ?? asked))
          lease?.progress()
        }
        if asking.isWhole || stage == .hollow && firstResult == nil {
          withheld.append(event)
          guard withheld.count <= mostWithheld else { throw tooLong }
          if stage != .last { continue }
        }
        // Its reader may leave at the last event, which is no cancel.
        if stage == .last { succeed() }
        release()
        if !asking.isWhole { results.yield(event) }
        if stage == .last { return .over }
      }
      if Task.isCancelled { return leave() }
      if firstResult == nil, !withheld.isEmpty { throw nothingSaid }
      succeed()
      release()
      return .over
    } catch {
      let error = error as? WorkerError ?? WorkerError(.connection, worker: call.id, message: "\(error)")
      guard !Task.isCancelled else { return leave() }
      report(error.kind.rawValue)
      return .failed(error, withheld: asking.isWhole ? [] : withheld, isFinal: !error.isRetryable || hasSpoken)
    }
  }

  /// Far more than a worker says before it says something, or than a job is long.
  private var mostWithheld: Int { asking.isWhole ? 200_000 : 2000 }

  private var tooLong: WorkerError { WorkerError(.malformed, worker: call.id, message: "it says too much") }

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
