import Checkpoints
import Realtime
import Resilience
import Runtime
import Synchronization
import Telemetry
import VivaConfiguration
import Workers

/// All sessions of the server: admits, opens, finds and counts them.
public final class SessionRegistry: SessionObserver {
  /// Told what has become safe in a session, on its shard; must be quick.
  public typealias CommitObserver =
    @Sendable (_ events: [SessionEvent], _ state: SessionState, _ session: Session) ->
    Void

  private struct Sessions {
    var byID: [String: Session] = [:]
    /// How many each key has.
    var countByOwner: [String: Int] = [:]
    /// Kept as long as the server lives: there are as many as server keys.
    var usageByOwner: [String: KeyUsage] = [:]
    /// For the ladders of sessions that are still to be opened.
    var standing = StandingInputs()
  }

  private let settings: Settings
  public let shards: ShardGroup
  private let store: any CheckpointStore
  private let workers: @Sendable (Agent) -> SessionWorkers
  private let metrics: SessionMetrics
  private let commitObserver: CommitObserver?
  private let phrases = PhraseStore()
  private let preparesPhrases: Bool
  private let probes: any LadderProbes
  private let callbacks: any CallbackStore
  private let sessions = Mutex(Sessions())

  /// - Parameters:
  ///   - probes: who asks lost workers whether they are back.
  ///   - preparesPhrases: what is said once no synthesizer answers is spoken ahead, a few sentences an agent's voice.
  ///   - workers: the workers that an agent's sessions use.
  public init(
    settings: Settings, shards: ShardGroup, store: any CheckpointStore, metrics: MetricsRegistry,
    probes: any LadderProbes = NoLadderProbes(), callbacks: any CallbackStore = NoCallbackStore(),
    preparesPhrases: Bool = false, onCommit: CommitObserver? = nil,
    workers: @escaping @Sendable (Agent) -> SessionWorkers
  ) {
    self.settings = settings
    self.shards = shards
    self.store = store
    self.workers = workers
    self.probes = probes
    self.callbacks = callbacks
    self.preparesPhrases = preparesPhrases
    commitObserver = onCommit
    self.metrics = SessionMetrics(metrics)
    self.metrics.showActive { [weak self] in self?.count ?? 0 }
    for holder in Ladder.Holder.allCases {
      self.metrics.showFloor(by: holder.rawValue) { [weak self] in self?.floor(by: holder).rawValue ?? 1 }
    }
  }

  public var count: Int { sessions.withLock { $0.byID.count } }
  public var agentNames: [String] { settings.agents.keys.sorted() }

  /// The live session with this id.
  public func session(_ id: String) -> Session? { sessions.withLock { $0.byID[id] } }

  /// The live sessions, in no order.
  public func snapshot() -> [SessionSummary] {
    let now = Instant.now
    return sessions.withLock { Array($0.byID.values) }.map {
      SessionSummary(id: $0.id, agent: $0.agentName, kind: $0.kind, owner: $0.owner, age: now - $0.began)
    }
  }

  /// Tells the ladder of every session, and of every later one for as long as it holds: a floor of the operator's or of
  /// an overloaded node, a capability that is lost for all or answers again. From any thread.
  public func ladder(_ input: Ladder.Input) {
    let live = sessions.withLock { sessions in
      sessions.standing.take(input)
      return Array(sessions.byID.values)
    }
    for session in live { session.ladder(input) }
  }

  /// The best level that any session may have, as this holder says.
  public func floor(by holder: Ladder.Holder) -> Ladder.Level {
    sessions.withLock { $0.standing.floors[holder] } ?? .full
  }

  // MARK: Opening

  /// Why such a session cannot be opened now; nil when it can.
  public func refusal(of request: SessionRequest) -> Refusal? {
    do throws(Refusal) {
      _ = try describe(request, id: "sess_")
      try sessions.withLock { sessions throws(Refusal) in try checkRoom(sessions, owner: request.owner) }
      return nil
    } catch {
      return error
    }
  }

  /// The session as it would be, for the answer to `client_secrets`.
  public func preview(_ request: SessionRequest) throws(Refusal) -> RealtimeSession {
    try describe(request, id: RealtimeID.make("sess")).session
  }

  /// Opens a session for a client. `refusal` was asked before.
  ///
  /// - Parameters:
  ///   - channel: nil for a data channel that is still to be opened, with `Session.openEvents`.
  ///   - leg: for `.media`, `Session.attach` follows on the session's shard, before the leg is connected.
  ///   - shard: whose port the caller's media comes in at; nil for any.
  public func open(
    _ request: SessionRequest, channel: (any ClientChannel)?, leg: ClientLeg = .socket, on shard: Shard? = nil
  ) throws(Refusal) -> Session {
    let (description, agent) = try describe(request, id: RealtimeID.make("sess"))
    let usage = usage(of: request.owner)
    let core = SessionCore(
      session: description, agent: agent, limits: settings.limits, audio: settings.audio, ladder: settings.ladder,
      slots: settings.callbacks.slots.map { CallbackSlot(id: $0.id, text: $0.text) }, budget: usage, leg: leg)
    let session = Session(
      core: core, owner: request.owner, shard: shard ?? shards.assign(), channel: channel, workers: workers(agent),
      store: store, observer: self, phrases: phrases, preparesPhrases: preparesPhrases, probes: probes,
      callbacks: callbacks)
    try sessions.withLock { sessions throws(Refusal) in
      try checkRoom(sessions, owner: request.owner)
      sessions.byID[session.id] = session
      sessions.countByOwner[request.owner, default: 0] += 1
      // Still in here, so that whatever `ladder` posts from now on comes behind it.
      session.open()
      for input in sessions.standing.inputs { session.ladder(input) }
    }
    metrics.opened(agent: agent.name)
    return session
  }

  private func describe(
    _ request: SessionRequest, id: String
  ) throws(Refusal) -> (session: RealtimeSession, agent: Agent) {
    let name = request.agent ?? request.update?.model ?? request.patch?.model ?? settings.defaultAgent
    guard let agent = settings.agents[name] else { throw .unknownAgent(name, known: agentNames) }
    let kind = request.kind == .transcription ? .transcription : request.patch?.kind ?? request.kind
    var session = RealtimeSession.starting(id: id, agent: agent, kind: kind, limits: settings.limits)
    do throws(RealtimeError) {
      for patch in [request.patch, request.update].compactMap({ $0 }) {
        session = try session.applying(patch, audioHasBeenProduced: false)
      }
      return (session, agent)
    } catch {
      throw .invalid(error)
    }
  }

  private func checkRoom(_ sessions: Sessions, owner: String) throws(Refusal) {
    let limits = settings.limits
    guard sessions.byID.count < limits.sessions else { throw .full(limit: limits.sessions) }
    guard sessions.countByOwner[owner, default: 0] < limits.keySessions else {
      throw .keyFull(limit: limits.keySessions)
    }
  }

  private func usage(of owner: String) -> KeyUsage {
    sessions.withLock { sessions in
      if let usage = sessions.usageByOwner[owner] { return usage }
      let usage = KeyUsage(settings.limits)
      sessions.usageByOwner[owner] = usage
      return usage
    }
  }

  // MARK: SessionObserver

  public func observed(_ observation: Observation, agent: String) {
    metrics.observed(observation, agent: agent)
  }

  public func committed(_ events: [SessionEvent], state: SessionState, in session: Session) {
    commitObserver?(events, state, session)
  }

  public func ended(_ session: Session) {
    sessions.withLock { sessions in
      guard sessions.byID.removeValue(forKey: session.id) != nil else { return }
      let left = sessions.countByOwner[session.owner, default: 1] - 1
      sessions.countByOwner[session.owner] = left > 0 ? left : nil
    }
  }
}
