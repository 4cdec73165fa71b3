import Glibc

extension MetricsRegistry {
  /// The metrics of this process that every Prometheus client library has, under their usual names.
  public func addProcessMetrics() {
    counter("process_cpu_seconds_total", help: "User and system CPU time in seconds.") {
      ProcessStatistics.cpuSeconds
    }
    gauge("process_resident_memory_bytes", help: "Resident memory in bytes.") {
      ProcessStatistics.residentBytes
    }
    gauge("process_open_fds", help: "Open file descriptors.") {
      ProcessStatistics.openFileDescriptors
    }
    let start = ProcessStatistics.startTime
    gauge("process_start_time_seconds", help: "Start time in seconds since 1970.") { start }
  }
}

/// What Linux says of this process; NaN where it says nothing.
enum ProcessStatistics {
  static var cpuSeconds: Double {
    var time = timespec()
    guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return .nan }
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  static var residentBytes: Double {
    let fields = read("/proc/self/statm").split(separator: " ")
    guard fields.count > 1, let pages = Double(fields[1]) else { return .nan }
    return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
  }

  static var openFileDescriptors: Double {
    guard let directory = opendir("/proc/self/fd") else { return .nan }
    defer { closedir(directory) }
    var entries = 0
    while readdir(directory) != nil { entries += 1 }
    // Not `.`, `..` and the descriptor of the listing itself.
    return Double(entries - 3)
  }

  /// Seconds since 1970. proc(5): field 22 of `stat` counts clock ticks since `btime`.
  static var startTime: Double {
    // The command in parentheses may hold spaces: count behind it, from field 3.
    let stat = read("/proc/self/stat")
    guard let end = stat.lastIndex(of: ")") else { return .nan }
    let fields = stat[end...].split(separator: " ").dropFirst()
    let boot = read("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
    guard fields.count > 19, let ticks = Double(fields[fields.startIndex + 19]),
      let seconds = boot.flatMap({ Double($0.dropFirst(6)) })
    else { return .nan }
    return seconds + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  private static func read(_ path: String) -> String {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return "" }
    defer { close(fd) }
    var bytes: [UInt8] = []
    while true {
      let chunk = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
        count = max(0, Glibc.read(fd, buffer.baseAddress, buffer.count))
      }
      if chunk.isEmpty { return String(decoding: bytes, as: UTF8.self) }
      bytes += chunk
    }
  }
}
