import Scheduling
import VivaConfiguration

/// The devices and instances that the configuration describes.
struct PoolLayout {
  /// Of providers with slots that name no device. No device of the configuration can have this name.
  static let unnamed = "(none)"

  struct Lane {
    var kind: GPUPool.WorkerKind
    /// As declared.
    var cancelLatency: Duration
    /// Names, in the provider's order.
    var instances: [String] = []
  }

  private(set) var devices: [GPUPool.Device] = []
  private(set) var lanes: [WorkerPool.Lane: Lane] = [:]

  init(_ settings: PoolSettings, _ workers: WorkerSettings) {
    devices = settings.devices.map {
      GPUPool.Device(
        name: $0.name, role: GPUPool.Role(rawValue: $0.role.rawValue) ?? .mixed, memory: $0.memory, instances: [])
    }
    devices.append(GPUPool.Device(name: Self.unnamed, instances: []))
    let lists: [(WorkerKind, GPUPool.WorkerKind, [ProviderSettings])] = [
      (.asr, .asr, workers.asr), (.llm, .llm, workers.llm), (.tts, .tts, workers.tts),
    ]
    for (kind, poolKind, providers) in lists {
      for provider in providers { add(provider, kind, poolKind) }
    }
    if lanes.isEmpty { devices = [] }
  }

  private mutating func add(_ provider: ProviderSettings, _ kind: WorkerKind, _ poolKind: GPUPool.WorkerKind) {
    let latency = Duration.milliseconds(provider.cancelLatency)
    for instance in provider.atInstances {
      guard let slots = instance.settings.slots else { continue }
      let device = devices.firstIndex { $0.name == instance.settings.device } ?? devices.count - 1
      devices[device].instances.append(
        GPUPool.Instance(
          name: instance.name, kind: poolKind, provider: provider.name, slots: slots,
          memory: instance.settings.memory, cancelLatency: latency,
          firstResultTarget: Self.target(provider, kind)))
      lanes[.init(kind: kind, provider: provider.name), default: Lane(kind: poolKind, cancelLatency: latency)]
        .instances.append(instance.name)
    }
  }

  /// Half of what a first result may take: at the whole of it the call has failed, and the pool should have given the
  /// worker less to do before that. A recogniser's first result depends on how long the speaker speaks.
  private static func target(_ provider: ProviderSettings, _ kind: WorkerKind) -> Duration? {
    kind == .asr ? nil : .milliseconds(provider.deadlines.firstResult / 2)
  }
}
