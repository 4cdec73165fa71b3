import CLinux
import Glibc
import Synchronization

/// One thread that runs the sessions given to it: an epoll loop, a timer queue and a `SerialExecutor`.
///
/// `Session` actors name a shard as their executor, so everything a session does happens on that thread,
/// one thing at a time. Other threads hand over by `post` (a mailbox, cheap) or by awaiting the actor.
public final class Shard: SerialExecutor, Sendable {
  /// Told how late a timer fired: the event loop's lag.
  public typealias LagObserver = @Sendable (Duration) -> Void

  public let index: Int

  private enum Work: Sendable {
    case job(UnownedJob)
    case message(@Sendable () -> Void)
  }

  private struct Inbox {
    var work: [Work] = []
    var stopping = false
  }

  private let inbox = Mutex(Inbox())
  /// True while the thread may be blocked in `epoll_wait`; see `run` for the protocol that loses no wake-up.
  private let asleep = Atomic<Bool>(false)
  private let thread = Atomic<UInt>(0)
  private let epoll: Int32
  private let wakeup: Int32
  private let confined: Confined
  private let lagObserver: LagObserver?

  /// What only the shard's thread touches.
  ///
  /// `@unchecked Sendable`: every access goes through `Shard.onThread`, which checks the thread.
  private final class Confined: @unchecked Sendable {
    var timers = TimerQueue<@Sendable () -> Void>()
    /// What to do when a descriptor is readable; its tag in epoll is the index and one.
    var watches: [(@Sendable () -> Void)?] = []
    let events = UnsafeMutablePointer<viva_event>.allocate(capacity: Shard.maximumEvents)

    deinit { events.deallocate() }
  }

  /// Descriptors that are dealt with between two looks at the timers.
  private static let maximumEvents = 16
  private static let wakeupTag: UInt64 = 0

  /// - Parameter index: the shard's number, for names and metrics.
  public init(index: Int, lagObserver: LagObserver? = nil) {
    self.index = index
    self.lagObserver = lagObserver
    confined = Confined()
    epoll = viva_epoll_new()
    wakeup = viva_eventfd()
    guard epoll >= 0, wakeup >= 0, viva_epoll_add(epoll, wakeup, UInt32(VIVA_EPOLLIN), Self.wakeupTag) == 0
    else {
      fatalError("a shard needs an epoll and an event descriptor: errno \(errno)")
    }
  }

  deinit {
    close(epoll)
    close(wakeup)
  }

  // MARK: From any thread

  /// Starts the thread. Call once.
  public func start() {
    let shard = Unmanaged.passRetained(self).toOpaque()
    var handle = pthread_t()
    let failure = pthread_create(
      &handle, nil,
      { raw in
        guard let raw else { return nil }
        Unmanaged<Shard>.fromOpaque(raw).takeRetainedValue().run()
        return nil
      }, shard)
    guard failure == 0 else { fatalError("a shard needs a thread: errno \(failure)") }
    pthread_detach(handle)
  }

  /// Ends the thread after the work already posted.
  public func stop() {
    inbox.withLock { $0.stopping = true }
    wake()
  }

  /// Runs `message` on the shard's thread, after everything posted before it.
  public func post(_ message: @escaping @Sendable () -> Void) {
    submit(.message(message))
  }

  public func enqueue(_ job: consuming ExecutorJob) {
    submit(.job(UnownedJob(job)))
  }

  public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
    UnownedSerialExecutor(ordinary: self)
  }

  public func isIsolatingCurrentContext() -> Bool? {
    thread.load(ordering: .relaxed) == UInt(pthread_self())
  }

  public func checkIsolated() {
    precondition(isIsolatingCurrentContext() == true, "not on the thread of shard \(index)")
  }

  private func submit(_ work: Work) {
    inbox.withLock { $0.work.append(work) }
    wake()
  }

  private func wake() {
    if asleep.load(ordering: .sequentiallyConsistent),
      asleep.exchange(false, ordering: .sequentiallyConsistent)
    {
      viva_eventfd_poke(wakeup)
    }
  }

  // MARK: On the shard's thread

  /// CPU time of the calling thread since it began.
  public static var busyTime: Duration { .nanoseconds(Int64(bitPattern: viva_thread_cpu_ns())) }

  /// Names a timer to cancel it.
  public struct TimerToken: Sendable {
    fileprivate let value: UInt64
  }

  /// Runs `body` on this thread once `deadline` has come. Only on the shard's thread.
  public func schedule(at deadline: Instant, _ body: @escaping @Sendable () -> Void) -> TimerToken {
    TimerToken(value: onThread { $0.timers.insert(body, at: deadline) })
  }

  /// Only on the shard's thread. A timer that has fired is ignored.
  public func cancel(_ token: TimerToken) {
    onThread { $0.timers.cancel(token.value) }
  }

  /// Names a descriptor that is watched.
  public struct Watch: Sendable {
    fileprivate let index: Int
    fileprivate let descriptor: Int32
  }

  /// Calls `body` on this thread whenever `descriptor` can be read. Only on the shard's thread.
  ///
  /// As long as there is something left to read, it is called again after the timers and the work posted meanwhile had
  /// their turn: so it may read a bounded piece at a time.
  ///
  /// - Throws: the errno when the kernel cannot watch it.
  public func watch(_ descriptor: Int32, _ body: @escaping @Sendable () -> Void) throws(SystemError) -> Watch {
    try onThread { confined throws(SystemError) in
      let index = confined.watches.firstIndex { $0 == nil } ?? confined.watches.count
      try SystemError.check(viva_epoll_add(epoll, descriptor, UInt32(VIVA_EPOLLIN), UInt64(index + 1)))
      if index == confined.watches.count { confined.watches.append(nil) }
      confined.watches[index] = body
      return Watch(index: index, descriptor: descriptor)
    }
  }

  /// To be called before the descriptor is closed. Only on the shard's thread.
  public func unwatch(_ watch: Watch) {
    onThread { confined in
      confined.watches[watch.index] = nil
      _ = viva_epoll_del(epoll, watch.descriptor)
    }
  }

  private func onThread<Result, Failure: Error>(_ body: (Confined) throws(Failure) -> Result) throws(Failure) -> Result
  {
    checkIsolated()
    return try body(confined)
  }

  private func run() {
    thread.store(UInt(pthread_self()), ordering: .relaxed)
    let executor = asUnownedSerialExecutor()
    var batch: [Work] = []
    while true {
      // Say "asleep" first, look at the inbox second: a poster that missed the flag has been seen in the
      // inbox, and one that came later sees the flag and pokes.
      asleep.store(true, ordering: .sequentiallyConsistent)
      let (idle, stopping) = inbox.withLock { ($0.work.isEmpty, $0.stopping) }
      if idle && stopping { return }
      let events = viva_epoll_wait(
        epoll, confined.events, Int32(Self.maximumEvents), idle ? millisecondsToNextTimer() : 0)
      asleep.store(false, ordering: .sequentiallyConsistent)

      for index in 0..<Int(max(0, events)) { readable(confined.events[index].tag) }
      inbox.withLock { swap(&$0.work, &batch) }
      for work in batch {
        switch work {
        case .job(let job): job.runSynchronously(on: executor)
        case .message(let message): message()
        }
      }
      batch.removeAll(keepingCapacity: true)
      fireTimers()
    }
  }

  private func readable(_ tag: UInt64) {
    guard tag != Self.wakeupTag else { return viva_eventfd_drain(wakeup) }
    // It may have been unwatched by the one before it.
    confined.watches[Int(tag) - 1]?()
  }

  private func millisecondsToNextTimer() -> Int32 {
    guard let deadline = confined.timers.nextDeadline() else { return -1 }
    let nanoseconds = (deadline - .now).nanoseconds
    guard nanoseconds > 0 else { return 0 }
    // Rounded up: waking early would only spin. So a timer is up to 1 ms late, and those of the same millisecond share
    // a wake-up.
    return Int32(clamping: (nanoseconds + 999_999) / 1_000_000)
  }

  private func fireTimers() {
    let now = Instant.now
    while let due = confined.timers.popDue(at: now) {
      lagObserver?(now - due.deadline)
      due.payload()
    }
  }
}
