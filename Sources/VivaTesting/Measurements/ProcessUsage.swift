import Foundation

/// What a process takes, from /proc.
public struct ProcessUsage: Sendable, Encodable {
  /// User and system time since its start.
  public var cpuSeconds: Double
  public var residentBytes: Int
  public var threads: Int
  /// Open files and sockets.
  public var descriptors: Int

  /// Of the process itself.
  public static var own: ProcessUsage? { ProcessUsage(pid: getpid()) }

  /// nil when there is no such process, or it is somebody else's.
  public init?(pid: Int32) {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      // The name, in parentheses, may hold anything.
      let fields = stat.split(separator: ")").last?.split(separator: " "), fields.count > 21,
      let user = Double(fields[11]), let system = Double(fields[12]), let threads = Int(fields[17]),
      let pages = Int(fields[21]),
      let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")
    else { return nil }
    cpuSeconds = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    residentBytes = pages * sysconf(Int32(_SC_PAGESIZE))
    self.threads = threads
    self.descriptors = descriptors.count
  }
}
