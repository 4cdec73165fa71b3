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
  /// Failures since the worker was last well for 30 s.
  public var failures: Int
  public var lastFailure: String?
}

/// A worker that keeps failing, or whose log cannot be written.
public struct WorkerStartError: Error, Sendable, Equatable, CustomStringConvertible {
  public var worker: String
  public var detail: String

  public var description: String { "worker \(worker): \(detail)" }
}
