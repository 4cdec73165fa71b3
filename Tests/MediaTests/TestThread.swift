import Foundation
import Synchronization

/// A thread of its own for tests that need one, or that must not wait for threads which other tests keep busy. Those
/// that share one come one after another.
final class TestThread: TaskExecutor {
  /// To which usrsctp belongs.
  static let usrsctp = TestThread()
  /// For tests in real time, which may sleep there.
  static let clock = TestThread()

  private let jobs = Mutex<[UnownedJob]>([])
  private let semaphore = DispatchSemaphore(value: 0)

  private init() {
    Thread.detachNewThread { self.serve() }
  }

  /// `body` must not suspend.
  func run(_ body: @Sendable () throws -> Void) async throws {
    try await withTaskExecutorPreference(self) { try body() }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
    semaphore.signal()
  }

  private func serve() {
    while true {
      semaphore.wait()
      jobs.withLock { $0.removeFirst() }.runSynchronously(on: asUnownedTaskExecutor())
    }
  }
}
