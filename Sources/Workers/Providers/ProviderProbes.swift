import Resilience
import Runtime
import Synchronization

/// How the providers of a kind have answered a round of probes.
public struct ProbeRound: Sendable {
  public var kind: WorkerKind
  public var capability: Ladder.Capability
  public var answered: Set<String>
  /// Whose silence says nothing.
  public var unknown: Set<String>
}

/// Asks providers away from live calls whether they answer: each second those whose breakers are open or half-open, so that
/// traffic comes back before their wait is over, and all of a kind that some session's ladder waits for.
public final class ProviderProbes: Sendable {
  private static let kinds: [(kind: WorkerKind, capability: Ladder.Capability)] = [
    (.asr, .asr), (.llm, .llm), (.tts, .tts),
  ]
  /// A worker that needs longer to say that it is there would not answer a caller in time.
  public static let limit = Duration.seconds(1)

  private struct State {
    var waiting: [Ladder.Capability: Int] = [:]
    var loop: Task<Void, Never>?
  }

  private let board: ProviderBoard
  private let probe: @Sendable (WorkerKind, String) async -> Bool
  private let seekMissing: @Sendable () async -> Void
  private let onProbeRound: @Sendable (ProbeRound) -> Void
  private let state = Mutex(State())

  /// - Parameters:
  ///   - probe: Whether a provider answers within `limit`; it is not asked again while it is.
  ///   - seekMissing: Asked for in each round: looks for instances that calls did not reach.
  ///   - onProbeRound: Told of each round that ladders wait for.
  public init(
    board: ProviderBoard, probe: @escaping @Sendable (WorkerKind, String) async -> Bool,
    seekMissing: @escaping @Sendable () async -> Void = {},
    onProbeRound: @escaping @Sendable (ProbeRound) -> Void
  ) {
    self.board = board
    self.probe = probe
    self.seekMissing = seekMissing
    self.onProbeRound = onProbeRound
  }

  deinit {
    stop()
  }

  /// One more ladder waits for this; `wantNoMore` once for each. Those that no worker serves are nobody's to probe.
  public func want(_ capability: Ladder.Capability) {
    state.withLock { $0.waiting[capability, default: 0] += 1 }
  }

  public func wantNoMore(_ capability: Ladder.Capability) {
    state.withLock { $0.waiting[capability] = max(0, ($0.waiting[capability] ?? 0) - 1) }
  }

  /// Ladders that wait for this.
  public func waiting(for capability: Ladder.Capability) -> Int {
    state.withLock { $0.waiting[capability] ?? 0 }
  }

  /// A round each second, until `stop`.
  public func start() {
    state.withLock { state in
      guard state.loop == nil else { return }
      state.loop = Task { [weak self] in
        while !Task.isCancelled {
          let next = Instant.now + .seconds(1)
          await self?.round()
          try? await Task.sleep(for: max(.zero, next - .now))
        }
      }
    }
  }

  public func stop() {
    state.withLock { $0.loop.take() }?.cancel()
  }

  /// One round: all probes at once, then what they mean.
  func round() async {
    await withTaskGroup(of: Void.self) { group in
      for (kind, capability) in Self.kinds {
        group.addTask { await self.round(kind, capability) }
      }
      group.addTask { await self.seekMissing() }
    }
  }

  private func round(_ kind: WorkerKind, _ capability: Ladder.Capability) async {
    let isWanted = waiting(for: capability) > 0
    let due = board.takeProbes(kind, all: isWanted)
    let results = await withTaskGroup(of: (String, Bool?).self) { group in
      for provider in due { group.addTask { (provider, await self.result(kind, provider)) } }
      var results: [String: Bool?] = [:]
      for await (provider, result) in group { results[provider] = .some(result) }
      return results
    }
    guard isWanted, !Task.isCancelled else { return }
    onProbeRound(
      ProbeRound(
        kind: kind, capability: capability, answered: Set(results.filter { $0.value == true }.keys),
        unknown: Set(results.filter { $0.value == nil }.keys)))
  }

  /// Probes one provider; nil where that says nothing.
  private func result(_ kind: WorkerKind, _ provider: String) async -> Bool? {
    let wasWorking = board.isWorking(provider)
    let answers = await probe(kind, provider)
    // What was broken off says nothing; nor does the silence of a worker that has a call to attend to, whose own deadline
    // tells (Piper answers nobody else while it speaks).
    guard !Task.isCancelled, answers || !wasWorking && !board.isWorking(provider) else { return nil }
    board.probed(kind, provider, succeeded: answers)
    return answers
  }
}

extension WorkerSet {
  /// Whether a provider answers within `limit`. One that is being started does not, whatever its port says.
  public func answers(_ kind: WorkerKind, _ name: String, within limit: Duration = ProviderProbes.limit) async -> Bool {
    guard isAvailable(name), faults?.fault(of: name)?.failsProbes != true else { return false }
    let result = await CallContext.$current.withValue(CallContext { limit }) { await probe(kind, name) }
    guard case .success = result else { return false }
    return true
  }

  /// Probes the instances that calls did not reach; those that answer have calls again.
  public func seekMissingInstances() async {
    guard let pool else { return }
    await withTaskGroup(of: Void.self) { group in
      for (lane, position) in pool.unreachable {
        group.addTask {
          let answer = await CallContext.$current.withValue(CallContext { ProviderProbes.limit }) {
            await self.probe(lane.kind, lane.provider, instance: position)
          }
          if case .success = answer { pool.reached(lane, position) }
        }
      }
    }
  }
}
