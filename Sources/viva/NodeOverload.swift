import Logging
import Resilience
import Runtime
import Sessions
import Synchronization
import VivaConfiguration

/// Watches how late the session threads are, each second, and puts a floor under all sessions while that is too much for
/// voices (`OverloadPolicy`).
final class NodeOverload: Sendable {
  /// Lateness of one shard's timers since it was last asked.
  private final class Lag: Sendable {
    private let nanoseconds = Atomic<Int64>(0)
    private let count = Atomic<Int64>(0)

    func fired(_ late: Duration) {
      nanoseconds.wrappingAdd(late.nanoseconds, ordering: .relaxed)
      count.wrappingAdd(1, ordering: .relaxed)
    }

    func takeMean() -> Duration {
      let sum = nanoseconds.exchange(0, ordering: .relaxed)
      return .nanoseconds(sum / max(1, count.exchange(0, ordering: .relaxed)))
    }
  }

  private let lags: [Lag]
  private let policy: Mutex<OverloadPolicy>
  private let log = Logger(label: "overload")

  init(_ settings: OverloadSettings, shards: Int) {
    lags = (0..<shards).map { _ in Lag() }
    policy = Mutex(OverloadPolicy(.init(settings)))
  }

  /// A shard's timer was so late. From any thread.
  func fired(on shard: Int, late: Duration) { lags[shard].fired(late) }

  /// To be called once the shards run.
  func start(_ shards: ShardGroup, _ registry: SessionRegistry) {
    for shard in shards.shards { shard.post { [weak self] in self?.beat(on: shard, registry) } }
  }

  /// A timer a second is on each shard, so that one without sessions is measured, too.
  private func beat(on shard: Shard, _ registry: SessionRegistry) {
    _ = shard.schedule(at: .now + .seconds(1)) { [weak self, weak shard] in
      guard let self, let shard else { return }
      if shard.index == 0 { sample(registry) }
      beat(on: shard, registry)
    }
  }

  private func sample(_ registry: SessionRegistry) {
    let lag = lags.map { $0.takeMean() }.max() ?? .zero
    guard let floor = policy.withLock({ $0.sampled(lag: lag, at: .now) }) else { return }
    log.warning("session threads are \(lag.milliseconds) ms late: sessions at level \(floor.rawValue) or below")
    registry.ladder(.floor(floor, by: .overload))
  }
}

extension OverloadPolicy.Settings {
  init(_ settings: OverloadSettings) {
    self.init()
    lag = .milliseconds(settings.lagMilliseconds)
    calmLag = .milliseconds(settings.calmLagMilliseconds)
    after = .seconds(settings.afterSeconds)
    calm = .seconds(settings.calmSeconds)
    worst = Ladder.Level(rawValue: settings.worstLevel) ?? worst
  }
}
