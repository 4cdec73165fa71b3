import Scheduling
import VivaConfiguration

/// The devices and instances that the configuration describes: one instance a provider with slots.
struct PoolLayout {
  /// Of providers with slots that name no device. No device of the configuration can have this name.
  static let unnamed = "(none)"

  private(set) var devices: [GPUPool.Device] = []
  private(set) var kinds: [WorkerPool.Lane: GPUPool.WorkerKind] = [:]
  private(set) var latencies: [WorkerPool.Lane: Duration] = [:]

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
    if kinds.isEmpty { devices = [] }
  }

  private mutating func add(_ provider: ProviderSettings, _ kind: WorkerKind, _ poolKind: GPUPool.WorkerKind) {
    guard let slots = provider.slots else { return }
    let lane = WorkerPool.Lane(kind: kind, provider: provider.name)
    let latency = Duration.milliseconds(provider.cancelLatency)
    let device = devices.firstIndex { $0.name == provider.device } ?? devices.count - 1
    devices[device].instances.append(
      GPUPool.Instance(
        name: provider.name, kind: poolKind, provider: provider.name, slots: slots, memory: provider.memory,
        cancelLatency: latency))
    kinds[lane] = poolKind
    latencies[lane] = latency
  }
}
