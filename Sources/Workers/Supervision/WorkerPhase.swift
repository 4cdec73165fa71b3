import Glibc

/// Where a supervised worker stands.
public enum WorkerPhase: String, Sendable {
  /// Not started yet.
  case waiting
  /// Its process runs and does not answer yet.
  case starting
  /// It answers; its first, slow request is being made.
  case warming
  case ready
  /// It failed and starts again after a pause.
  case backoff
  /// Told to end.
  case stopping
  /// Over for good.
  case stopped
}

public struct WorkerStateChange: Sendable, Equatable {
  public var name: String
  public var from: WorkerPhase
  public var to: WorkerPhase
  /// nil while there is no process.
  public var pid: pid_t?
  /// Of `.backoff`: what went wrong, with the last lines of the worker's log.
  public var detail: String?
}

public struct WorkerStatus: Sendable, Equatable {
  public var name: String
  public var phase: WorkerPhase
  public var pid: pid_t?
  /// Its process was halted on purpose (`ProcessSupervisor.send`).
  public var isHalted = false
  /// Failures since the worker was last well for 30 s.
  public var failures: Int
  public var lastFailure: String?
}

/// What may be done to a worker's process on purpose.
public enum ProcessSignal: String, Sendable, CaseIterable {
  /// SIGKILL: it is started again, as after any end.
  case kill
  /// SIGSTOP, until `resume`, or until its silence has it killed and started again.
  case halt
  /// SIGCONT.
  case resume

  var number: Int32 {
    switch self {
    case .kill: SIGKILL
    case .halt: SIGSTOP
    case .resume: SIGCONT
    }
  }
}

/// A worker that keeps failing, or whose log cannot be written.
public struct WorkerStartError: Error, Sendable, Equatable, CustomStringConvertible {
  public var worker: String
  public var detail: String

  public var description: String { "worker \(worker): \(detail)" }
}
