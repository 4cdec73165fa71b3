import CLinux
import VivaConfiguration
import FoundationEssentials
import Glibc

/// A running process, leader of its own process group. It dies with the thread that started it.
struct ChildProcess {
  struct SpawnError: Error {
    var description: String
  }

  let pid: pid_t
  /// Readable when the process has ended.
  let descriptor: Int32

  init(_ worker: SupervisedWorker, output: Int32) throws(SpawnError) {
    guard let program = worker.process.command.first else { throw SpawnError(description: "no command") }
    let environment = ProcessInfo.processInfo.environment
      .merging(worker.process.environment) { _, own in own }
    let result = Self.withCStrings(worker.process.command) { arguments in
      Self.withCStrings(environment.map { "\($0)=\($1)" }) { environment in
        viva_spawn(arguments, environment, worker.workingDirectory, output)
      }
    }
    guard result > 0 else {
      let place = worker.workingDirectory.map { " in \($0)" } ?? ""
      throw SpawnError(description: "cannot run \(program)\(place): \(String(cString: strerror(-result)))")
    }
    pid = result
    descriptor = viva_pidfd_open(pid)
    guard descriptor >= 0 else {
      kill(-pid, SIGKILL)
      waitpid(pid, nil, 0)
      throw SpawnError(
        description: "cannot watch \(program): \(String(cString: strerror(-descriptor)))")
    }
  }

  func signalGroup(_ signal: Int32) {
    kill(-pid, signal)
  }

  /// Takes leave of a process that has ended, and of whatever it left running in its group.
  ///
  /// - Returns: how it ended, as the end of a sentence.
  func reap() -> String {
    // Until it is reaped nobody else can get its group's number.
    signalGroup(SIGKILL)
    var status = viva_exit()
    let reaped = viva_reap(pid, &status)
    close(descriptor)
    // What was killed gives back its ports a moment later.
    for _ in 0..<20 where kill(-pid, 0) == 0 { usleep(5000) }
    guard reaped == 1 else { return "is gone" }
    return status.signal != 0
      ? "was ended by signal \(status.signal)" : "exited with status \(status.exit_code)"
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    var pointers = strings.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    pointers.append(nil)
    return body(pointers)
  }
}
