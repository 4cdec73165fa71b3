/// The figures that the scheduler is held to.
public struct SchedulerPolicy: Sendable, Hashable {
  /// What becomes of a request whose class has no room left in its queue.
  public enum WhenFull: String, Sendable {
    /// Refused, to come again later.
    case reject
    /// Waits in the class below, with that class's max wait.
    case downgrade
    /// Refused, and told that the session should go on by text.
    case textMode = "text-mode"
  }

  public struct ClassPolicy: Sendable, Hashable {
    /// From arrival to start, or to an honest refusal.
    public var maxWait: Duration
    /// The part of the lane's slot-time that the class gets while it has something to do, 0...0.3. Others borrow what
    /// it does not use. CRITICAL needs none.
    public var floor: Double
    /// Requests that may wait in a lane; 0 and more.
    public var queueBound: Int
    public var whenFull: WhenFull

    public init(maxWait: Duration, floor: Double, queueBound: Int, whenFull: WhenFull) {
      self.maxWait = maxWait
      self.floor = floor
      self.queueBound = queueBound
      self.whenFull = whenFull
    }
  }

  public var critical = ClassPolicy(maxWait: .milliseconds(100), floor: 0, queueBound: 1000, whenFull: .textMode)
  public var high = ClassPolicy(maxWait: .milliseconds(500), floor: 0.05, queueBound: 2000, whenFull: .downgrade)
  public var medium = ClassPolicy(maxWait: .seconds(5), floor: 0.05, queueBound: 10_000, whenFull: .reject)
  public var low = ClassPolicy(maxWait: .seconds(30), floor: 0.05, queueBound: 100_000, whenFull: .reject)

  /// Off, CRITICAL waits for a slot like all others: for comparisons.
  public var preempts = true
  /// How often a request is queued again after it lost its slot to CRITICAL.
  public var maxRequeues = 3
  /// The same after its worker failed or refused it. 0 where the callers ask again by themselves.
  public var maxFailures = 3
  /// A request that lost a slot keeps the next one for at least this long.
  public var minimumProgress: Duration = .milliseconds(200)
  /// Where a cancel takes longer, nothing is cancelled for CRITICAL, and the device keeps a slot in reserve.
  public var cancelBudget: Duration = .milliseconds(100)
  /// Slots that are kept free for the next CRITICAL, as a part of those that CRITICAL has now; 0...1. Without it, each slot
  /// that CRITICAL leaves is filled from below and taken back a moment later, and the work in it is lost (docs/scheduler.md).
  public var headroom = 0.07
  /// What `retryAfter` is at most.
  public var maxRetryAfter: Duration = .seconds(60)

  public init() {}

  public subscript(priority: Priority) -> ClassPolicy {
    get {
      switch priority {
      case .critical: critical
      case .high: high
      case .medium: medium
      case .low: low
      }
    }
    set {
      switch priority {
      case .critical: critical = newValue
      case .high: high = newValue
      case .medium: medium = newValue
      case .low: low = newValue
      }
    }
  }
}
