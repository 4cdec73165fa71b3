import VivaConfiguration
import FoundationEssentials
import Glibc
import Synchronization

@testable import Workers

/// A supervisor of real processes in a log folder of its own, which remembers what it reported.
struct SupervisionBench {
  final class Changes: Sendable {
    private let collected = Mutex<[WorkerStateChange]>([])
    var all: [WorkerStateChange] { collected.withLock { $0 } }
    func append(_ change: WorkerStateChange) { collected.withLock { $0.append(change) } }
  }

  let logs: String
  let changes = Changes()
  let supervisor: ProcessSupervisor

  init(
    _ workers: [SupervisedWorker], probe: @escaping ProcessSupervisor.Probe = { _ in true },
    warmUp: @escaping ProcessSupervisor.WarmUp = { _ in }
  ) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "viva-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    logs = folder.path
    supervisor = ProcessSupervisor(
      workers: workers, logDirectory: logs, probe: probe, warmUp: warmUp, observer: changes.append)
  }

  /// Stops the supervisor and removes the logs.
  func end() async throws {
    await supervisor.stop()
    try FileManager.default.removeItem(atPath: logs)
  }

  func log(_ name: String) throws -> String {
    try String(contentsOfFile: "\(logs)/\(name).log", encoding: .utf8)
  }

  static func shell(_ name: String, _ script: String) -> SupervisedWorker {
    SupervisedWorker(name: name, process: ProcessSettings(command: ["/bin/sh", "-c", script]))
  }

  /// Whether the process runs: a zombie does not.
  static func isAlive(_ pid: pid_t) -> Bool {
    state(of: pid).map { $0 != "Z" } ?? false
  }

  static func isHalted(_ pid: pid_t) -> Bool { state(of: pid) == "T" }

  /// As proc(5) has it; nil when there is no such process.
  private static func state(of pid: pid_t) -> Character? {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      let end = stat.lastIndex(of: ")")
    else { return nil }
    return stat[end...].dropFirst(2).first
  }

  /// Waits until `condition` holds, at most 20 s.
  static func eventually(_ condition: () throws -> Bool) async throws -> Bool {
    for _ in 0..<1000 {
      if try condition() { return true }
      try await Task.sleep(for: .milliseconds(20))
    }
    return try condition()
  }
}
