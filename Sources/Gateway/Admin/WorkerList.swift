import Runtime
import Scheduling
import Workers

/// `GET /v1/admin/workers`: the providers, and the queue and the slots of the pool.
struct WorkerList: Encodable {
  struct Provider: Encodable {
    struct Breaker: Encodable {
      var state: String
      var since_seconds: Double
    }

    var kind: String
    var name: String
    var breaker: Breaker
    var first_result_limit_ms: Int
    var calls: ProviderBoard.Tally
  }

  struct Pool: Encodable {
    struct Queue: Encodable {
      var kind: String
      var provider: String
      var priority: String
      var queued: Int
      var slots: Int
      var stopping: Int
    }

    struct Instance: Encodable {
      var name: String
      var device: String
      var role: String
      /// False for one that calls did not reach, or whose process is being started.
      var healthy: Bool
      var slots: Int
      var busy: Int
      var stopping: Int
      var cancel_latency_ms: Int
    }

    struct Running: Encodable {
      var priority: String
      var instance: String
      var age_ms: Int
      var stopping: Bool
      var preemptions: Int
    }

    var queues: [Queue]
    var instances: [Instance]
    var running: [Running]
  }

  var object = "list"
  var data: [Provider]
  /// Missing where no worker has slots.
  var pool: Pool?

  init(_ standings: [ProviderBoard.Standing], _ snapshot: SchedulerSnapshot?) {
    data = standings.map {
      Provider(
        kind: $0.kind.rawValue, name: $0.name,
        breaker: .init(state: $0.state.rawValue, since_seconds: $0.age.inSeconds),
        first_result_limit_ms: $0.limit.milliseconds, calls: $0.tally)
    }
    pool = snapshot.map(Self.pool)
  }

  private static func pool(_ snapshot: SchedulerSnapshot) -> Pool {
    Pool(
      queues: snapshot.lanes.flatMap { lane in
        lane.classes.map {
          Pool.Queue(
            kind: lane.kind.rawValue, provider: lane.provider, priority: "\($0.priority)", queued: $0.queued,
            slots: $0.slots, stopping: $0.stopping)
        }
      },
      instances: snapshot.instances.map {
        Pool.Instance(
          name: $0.name, device: $0.device, role: $0.role.rawValue, healthy: $0.isHealthy, slots: $0.slots,
          busy: $0.busy, stopping: $0.stopping, cancel_latency_ms: $0.cancelLatency.milliseconds)
      },
      running: snapshot.running.map {
        Pool.Running(
          priority: "\($0.priority)", instance: snapshot.instances[$0.instance.index].name, age_ms: $0.age.milliseconds,
          stopping: $0.isStopping, preemptions: $0.preemptions)
      })
  }
}
