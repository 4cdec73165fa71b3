/// The instances of one kind and provider, and what all of them together have free.
struct Lane {
  /// Indices into the scheduler's instances.
  var instances: [Int] = []
  /// Free slots; those of them that CRITICAL may take; and slots there that will be free when a cancelled call has stopped.
  var free = 0
  var criticalFree = 0
  var criticalStopping = 0
  var affinity = AffinityTable()
  /// Until when slot-time is booked. Nanoseconds, like all times here.
  var bookedUntil: Int64
  /// Of the open instances.
  var totalSlots = 0
  /// Slot-time that there was, used or not.
  var capacityTime: Int64 = 0
  /// When a request that may not lose its slot yet will be one that may, and CRITICAL waits for it.
  var victimAt = Int64.max
}

/// A worker instance as it is now.
struct InstanceState {
  let lane: Int
  let device: Int
  let role: GPUPool.Role
  /// The index of what its device has for this lane.
  let share: Int
  let firstResultTarget: Int64?
  /// Its own among the first 64 of its lane; 0 for any further one.
  let bit: UInt64
  var deviceIsUp = true
  var isUp = true
  /// It gets no further calls.
  var isHeld = false
  /// It takes no MEDIUM and no LOW.
  var isUrgentOnly = false
  var limit: SlotLimit
  var cancelLatency: CancelLatency
  /// Calls that it has; those of them that are stopping.
  var busy = 0
  var stopping = 0
  /// A bit for each class that it takes now.
  var classes: UInt8 = 0

  @inline(__always) var isHealthy: Bool { deviceIsUp && isUp }
  @inline(__always) var isOpen: Bool { isHealthy && !isHeld }
  @inline(__always) var free: Int { isOpen ? max(0, limit.slots - busy) : 0 }
  @inline(__always) func takes(_ priority: Priority) -> Bool { classes & priority.bit != 0 }
}

/// What a device has for one lane.
struct DeviceShare {
  var free = 0
  /// Slots for CRITICAL alone, since a cancel would take too long here.
  var reserve = 0
}
