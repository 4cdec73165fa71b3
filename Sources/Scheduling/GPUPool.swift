/// The devices that worker instances run on, with what each instance can do. A CPU is a device too.
///
/// A request is for a *lane*: the instances of one kind and provider, on all devices. Fail-over to another provider is a
/// request for another lane.
public struct GPUPool: Sendable, Hashable {
  /// What a device is for.
  public enum Role: String, Sendable, CaseIterable {
    /// Takes CRITICAL and HIGH, nothing else.
    case realTime = "real-time"
    /// Takes all classes.
    case mixed
    /// Takes MEDIUM and LOW; CRITICAL and HIGH only while no other device of the lane is healthy.
    case batch
  }

  public enum WorkerKind: String, Sendable, CaseIterable {
    case asr, llm, tts
  }

  /// A worker process or endpoint.
  public struct Instance: Sendable, Hashable {
    public var name: String
    public var kind: WorkerKind
    /// Whose it is; instances of one kind and provider stand in for each other.
    public var provider: String
    /// Calls at once that it starts with, 1...65,535.
    public var slots: Int
    /// What `slots` may grow to when it proves that it can; not below `slots`.
    public var maxSlots: Int
    /// MiB of its device.
    public var memory: Int
    /// From the cancel to the free slot, as the worker declares it. It is measured and corrected.
    public var cancelLatency: Duration
    /// A first result that comes later means that it has too many calls at once; nil when that tells nothing.
    public var firstResultTarget: Duration?

    public init(
      name: String, kind: WorkerKind, provider: String = "", slots: Int, maxSlots: Int? = nil, memory: Int = 0,
      cancelLatency: Duration = .milliseconds(20), firstResultTarget: Duration? = nil
    ) {
      self.name = name
      self.kind = kind
      self.provider = provider
      self.slots = slots
      self.maxSlots = maxSlots ?? slots
      self.memory = memory
      self.cancelLatency = cancelLatency
      self.firstResultTarget = firstResultTarget
    }
  }

  public struct Device: Sendable, Hashable {
    public var name: String
    public var role: Role
    /// MiB; nil when it is not counted.
    public var memory: Int?
    public var instances: [Instance]

    public init(name: String, role: Role = .mixed, memory: Int? = nil, instances: [Instance]) {
      self.name = name
      self.role = role
      self.memory = memory
      self.instances = instances
    }
  }

  public struct Lane: Sendable, Hashable {
    public let kind: WorkerKind
    public let provider: String
  }

  public let devices: [Device]
  /// In the order of the devices: an `InstanceID` is an index.
  public let instances: [Instance]
  /// In the order of their first instance: a `LaneID` is an index.
  public let lanes: [Lane]
  let deviceOfInstance: [Int]
  let laneOfInstance: [Int]

  /// - Throws: the first `GPUPoolProblem` of the devices.
  public init(devices: [Device]) throws(GPUPoolProblem) {
    var names: Set<String> = []
    var instances: [Instance] = []
    var lanes: [Lane] = []
    var deviceOfInstance: [Int] = []
    var laneOfInstance: [Int] = []
    for (index, device) in devices.enumerated() {
      guard names.insert(device.name).inserted else { throw .nameTwice(device.name) }
      var memory = 0
      for instance in device.instances {
        guard names.insert(instance.name).inserted else { throw .nameTwice(instance.name) }
        guard (1...65_535).contains(instance.slots) else { throw .slots(instance.name) }
        guard (instance.slots...65_535).contains(instance.maxSlots) else { throw .slots(instance.name) }
        guard instance.memory >= 0, instance.memory <= 1 << 40 else { throw .memory(device: device.name) }
        memory += instance.memory
        let lane = Lane(kind: instance.kind, provider: instance.provider)
        laneOfInstance.append(lanes.firstIndex(of: lane) ?? lanes.count)
        if laneOfInstance.last == lanes.count { lanes.append(lane) }
        deviceOfInstance.append(index)
        instances.append(instance)
      }
      if let limit = device.memory, memory > limit { throw .memory(device: device.name) }
    }
    guard !instances.isEmpty else { throw .empty }
    self.devices = devices
    self.instances = instances
    self.lanes = lanes
    self.deviceOfInstance = deviceOfInstance
    self.laneOfInstance = laneOfInstance
  }

  /// nil when the pool has no such instance.
  public func lane(_ kind: WorkerKind, provider: String = "") -> LaneID? {
    lanes.firstIndex(of: Lane(kind: kind, provider: provider)).map { LaneID(index: $0) }
  }

  public func device(named name: String) -> DeviceID? {
    devices.firstIndex { $0.name == name }.map { DeviceID(index: $0) }
  }

  public func instance(named name: String) -> InstanceID? {
    instances.firstIndex { $0.name == name }.map { InstanceID(index: $0) }
  }

  public subscript(id: InstanceID) -> Instance { instances[id.index] }

  public func device(of id: InstanceID) -> DeviceID { DeviceID(index: deviceOfInstance[id.index]) }
}

/// What is wrong with a pool's configuration.
public enum GPUPoolProblem: Error, Hashable, CustomStringConvertible {
  case empty
  case nameTwice(String)
  case slots(String)
  case memory(device: String)

  public var description: String {
    switch self {
    case .empty: "the pool has no worker instance"
    case .nameTwice(let name): "the name \(name) is used twice in the pool"
    case .slots(let name): "the slots of \(name) must be 1...65535, and max_slots not below"
    case .memory(let device): "the instances on \(device) need more memory than it has"
    }
  }
}

/// One of `GPUPool.lanes`.
public struct LaneID: Hashable, Sendable {
  public let index: Int
}

/// One of `GPUPool.instances`.
public struct InstanceID: Hashable, Sendable {
  public let index: Int
}

/// One of `GPUPool.devices`.
public struct DeviceID: Hashable, Sendable {
  public let index: Int
}
