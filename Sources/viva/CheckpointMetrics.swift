import Checkpoints
import Logging
import Runtime
import Telemetry

/// How the store gets on, as figures and in the log.
struct CheckpointMetrics: CheckpointObserver {
  private let writes: Histogram
  private let commits: Counter
  private let records: Counter
  private let degraded: Gauge
  private let log = Logger(label: "checkpoints")

  init(_ metrics: MetricsRegistry) {
    writes = metrics.histogram(
      "viva_checkpoint_write_seconds", help: "From the beginning of a write to the disk until it is synced.")
    commits = metrics.counter("viva_checkpoint_commits_total", help: "Commits of sessions that are on the disk.")
    records = metrics.counter("viva_checkpoint_records_total", help: "Events of sessions that are on the disk.")
    degraded = metrics.gauge(
      "viva_checkpoint_degraded", help: "1 while the disk does not take what sessions commit.")
    degraded.set(0)
  }

  func wrote(records: Int, commits: Int, in duration: Duration) {
    writes.observe(duration)
    self.commits.increment(by: UInt64(commits))
    self.records.increment(by: UInt64(records))
  }

  func changed(_ health: CheckpointHealth) {
    switch health {
    case .durable:
      degraded.set(0)
      log.notice("the disk takes what sessions commit again")
    case .degraded(let reason, _):
      degraded.set(1)
      log.error("the disk does not take what sessions commit, and is tried again: \(reason)")
    }
  }
}
