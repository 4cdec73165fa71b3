import CAllocations
import CLinux

/// What parts of a run cost: CPU time of this thread and allocations.
struct Meter {
  private(set) var nanoseconds: UInt64 = 0
  private(set) var allocations: UInt64 = 0
  private(set) var count = 0

  /// Reading the thread's clock twice, which is taken off each measurement.
  private static let clockCost: UInt64 = {
    let rounds: UInt64 = 20_000
    let start = viva_thread_cpu_ns()
    for _ in 0..<rounds { _ = viva_thread_cpu_ns() }
    return (viva_thread_cpu_ns() - start) / rounds
  }()

  /// - Parameter operations: how many `body` does.
  @inline(__always)
  mutating func measure(_ operations: Int = 1, _ body: () -> Void) {
    let clockCost = Self.clockCost
    let allocated = viva_allocations()
    let start = viva_thread_cpu_ns()
    body()
    let spent = viva_thread_cpu_ns() - start
    nanoseconds += spent > clockCost ? spent - clockCost : 0
    allocations += viva_allocations() - allocated
    count += operations
  }

  mutating func counted(_ operations: Int) { count += operations }

  /// Microseconds each.
  var microseconds: Double { count > 0 ? Double(nanoseconds) / 1000 / Double(count) : 0 }
  var allocationsEach: Double { count > 0 ? Double(allocations) / Double(count) : 0 }
}

/// A call's costs, part by part.
struct Costs {
  /// Datagrams in: system calls, decryption, and what is kept of them.
  var receiving = Meter()
  /// 20 ms of the caller's voice, decoded.
  var hearing = Meter()
  /// 20 ms of the agent's voice: encoded where it has to be, or found silent.
  var speaking = Meter()
  /// Packets out: encryption, numbers.
  var protecting = Meter()
  /// What is due at a tick: reports, mostly nothing.
  var keeping = Meter()
  /// Datagrams out: system calls.
  var sending = Meter()

  var parts: [(name: String, meter: Meter)] {
    [
      ("a datagram in", receiving), ("a tick heard", hearing), ("a tick spoken", speaking),
      ("a packet protected", protecting), ("what else is due", keeping), ("a datagram out", sending),
    ]
  }

  /// Milliseconds of CPU for a second of one session.
  func perSessionSecond(_ sessionSeconds: Int) -> Double {
    parts.reduce(0) { $0 + Double($1.meter.nanoseconds) } / 1e6 / Double(sessionSeconds)
  }
}
