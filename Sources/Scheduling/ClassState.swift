import Runtime

/// One class of one lane: who waits, who runs, what it is owed.
struct ClassState {
  let priority: Priority
  /// Nanoseconds.
  let maxWait: Int64
  let queueBound: Int
  let whenFull: SchedulerPolicy.WhenFull
  /// Those that were never started. Each is refused at its deadline.
  var waiting = DeadlineHeap()
  /// Those that were, and go before the others. Their deadlines may have passed: they were started in time.
  var resumed = DeadlineHeap()
  var patience = PatienceQueue()
  var running = RunList()
  /// Slots that it has, those of requests that are stopping too.
  var slots = 0
  var stopping = 0
  /// Slots of the open instances that take this class.
  var capacity = 0
  var account: FloorAccount
  var pace = StartPace()
  var metrics = ClassMetrics()

  init(_ priority: Priority, _ policy: SchedulerPolicy.ClassPolicy) {
    self.priority = priority
    maxWait = max(0, policy.maxWait.nanoseconds)
    queueBound = max(0, policy.queueBound)
    whenFull = policy.whenFull
    account = FloorAccount(floor: policy.floor)
  }

  var depth: Int { waiting.count + resumed.count }
  var active: Int { slots - stopping }

  /// Who is next.
  var head: Int? { (resumed.first ?? waiting.first).map { Int($0.index) } }
}

/// When requests that wait for a second time are refused: a max wait after they came back, and so in the order they
/// came. Entries of requests that have gone on stay until their time.
struct PatienceQueue {
  struct Entry {
    var until: Int64
    var id: RequestID
    /// Tells this wait from a later one of the same request.
    var since: Int64
  }

  private var entries: [Entry] = []
  private var start = 0

  var first: Entry? { start < entries.count ? entries[start] : nil }

  mutating func append(_ entry: Entry) { entries.append(entry) }

  mutating func removeFirst() {
    start += 1
    if start == entries.count {
      entries.removeAll(keepingCapacity: true)
      start = 0
    } else if start >= 1024, start * 2 > entries.count {
      entries.removeFirst(start)
      start = 0
    }
  }
}

/// How fast a class's queue moves, for an honest `retryAfter`.
struct StartPace {
  private var last: Int64?
  /// Nanoseconds from one start to the next, an average over about 16; nil before the second.
  private(set) var interval: Double?

  mutating func started(at now: Int64, othersWait: Bool) {
    if let last {
      let sample = Double(now &- last)
      interval = interval.map { $0 + (sample - $0) / 16 } ?? sample
    }
    // A pause because nothing waits says nothing of the queue.
    last = othersWait ? now : nil
  }
}
