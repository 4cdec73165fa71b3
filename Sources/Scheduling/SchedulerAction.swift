import Runtime

/// A call to a worker that wants a slot.
public struct SchedulerRequest: Sendable, Hashable {
  public var lane: LaneID
  public var priority: Priority
  /// Requests with the same key go to the same instance when it has a free slot: a session's calls to the LLM that holds
  /// its prefix. 0 is none.
  public var affinity: UInt64
  /// When it first came, for one that was in another lane before; nil is when it is submitted.
  public var arrivedAt: Instant?
  /// It was here before, or in another lane, and came back without a result: it keeps its place, before those that are
  /// new, and waits for a max wait from now.
  public var waitsAgain = false
  /// Instances that have failed it: it goes there only if no other has a free slot.
  public var avoids: Set<InstanceID> = []

  public init(lane: LaneID, priority: Priority, affinity: UInt64 = 0, arrivedAt: Instant? = nil) {
    self.lane = lane
    self.priority = priority
    self.affinity = affinity
    self.arrivedAt = arrivedAt
  }
}

/// Names a request from `submit` to its end; never used twice.
public struct RequestID: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue }

  init(index: Int, generation: UInt32) { rawValue = UInt64(generation) << 32 | UInt64(UInt32(index)) }

  /// Small numbers, used again after a request's end.
  var index: Int { Int(UInt32(truncatingIfNeeded: rawValue)) }
  var generation: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) }
}

/// What the shell is to do, in this order.
public enum SchedulerAction: Sendable, Hashable {
  /// Start the call. It holds a slot until `finish`, `cancelled`, `refusedByWorker` or the failure of its device.
  case start(RequestID, InstanceID)
  /// Stop the call at the worker, and report `cancelled` when it has stopped, not before.
  case cancel(RequestID)
  /// The request ends without a result.
  case refuse(RequestID, retryAfter: Duration, RefusalReason)
  /// The request lost its slot and waits again, with its first deadline. What comes from its former run is void.
  case requeued(RequestID)
  /// The request waits in a lower class, since its own had no room.
  case downgraded(RequestID, to: Priority)
}

public enum RefusalReason: String, Sendable, CaseIterable {
  /// It could not start within its max wait.
  case deadline
  /// Its class has no room in the queue.
  case queueFull = "queue_full"
  /// The same, and the session should go on by text.
  case textMode = "text_mode"
  /// No instance that is healthy and not held takes its class.
  case unavailable
  /// It lost its slot to CRITICAL more often than it may wait again.
  case preempted
  /// Its workers failed, or refused it, more often than it may wait again.
  case workerFailed = "worker_failed"
}
