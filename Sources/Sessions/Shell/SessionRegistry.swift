import Checkpoints
import VivaConfiguration
import Realtime
import Runtime
import Synchronization
import Telemetry
import Workers

/// All sessions of the server: admits, opens, finds and counts them.
public final class SessionRegistry: SessionObserver {
  private let settings: Settings
  private let shards: ShardGroup
  private let store: any CheckpointStore
  private let workers: @Sendable (Agent) -> SessionWorkers
  private let metrics: SessionMetrics
  private let sessions = Mutex<[String: Session]>([:])

  /// - Parameter workers: the workers that an agent's sessions use.
  public init(
    settings: Settings, shards: ShardGroup, store: any CheckpointStore, metrics: MetricsRegistry,
    workers: @escaping @Sendable (Agent) -> SessionWorkers
  ) {
    self.settings = settings
    self.shards = shards
    self.store = store
    self.workers = workers
    self.metrics = SessionMetrics(metrics)
    self.metrics.showActive { [weak self] in self?.count ?? 0 }
  }

  public var count: Int { sessions.withLock { $0.count } }
  public var agentNames: [String] { settings.agents.keys.sorted() }

  /// Why a session with this agent cannot be opened now; nil when it can.
  public func refusal(agent name: String?) -> Refusal? {
    guard settings.agents[name ?? settings.defaultAgent] != nil else {
      return .unknownAgent(name ?? settings.defaultAgent, known: agentNames)
    }
    return count >= settings.limits.sessions ? .full(limit: settings.limits.sessions) : nil
  }

  /// Opens a session for a client. `refusal` was asked before.
  public func open(agent name: String?, channel: any ClientChannel) throws(Refusal) -> Session {
    let name = name ?? settings.defaultAgent
    guard let agent = settings.agents[name] else { throw .unknownAgent(name, known: agentNames) }
    let core = SessionCore(
      session: .starting(id: RealtimeID.make("sess"), agent: agent, limits: settings.limits), agent: agent,
      limits: settings.limits, audio: settings.audio)
    let session = Session(
      core: core, shard: shards.assign(), channel: channel, workers: workers(agent), store: store,
      observer: self)
    let isAdmitted = sessions.withLock { sessions in
      guard sessions.count < settings.limits.sessions else { return false }
      sessions[session.id] = session
      return true
    }
    guard isAdmitted else { throw .full(limit: settings.limits.sessions) }
    metrics.opened(agent: name)
    session.open()
    return session
  }

  public func observed(_ observation: Observation, agent: String) {
    metrics.observed(observation, agent: agent)
  }

  public func ended(_ session: Session) {
    sessions.withLock { $0[session.id] = nil }
  }
}

/// Why a session was not opened.
public enum Refusal: Error, Sendable, Equatable {
  case unknownAgent(String, known: [String])
  case full(limit: Int)
}
