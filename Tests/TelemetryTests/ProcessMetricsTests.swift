import Glibc
import Testing

@testable import Telemetry

@Suite(.serialized) struct ProcessMetricsTests {
  @Test func `the process is described by real values`() {
    let registry = MetricsRegistry()
    registry.addProcessMetrics()
    let values = Dictionary(
      uniqueKeysWithValues: registry.render().split(separator: "\n").filter { !$0.hasPrefix("#") }.map {
        line -> (Substring, Double) in
        let parts = line.split(separator: " ")
        return (parts[0], Double(parts[1]) ?? .nan)
      })
    #expect(values.count == 4)
    #expect(values["process_cpu_seconds_total"] ?? 0 > 0)
    #expect(values["process_resident_memory_bytes"] ?? 0 > 1_000_000)
    #expect(values["process_open_fds"] ?? 0 >= 3)
    // Started in the past, and not more than a day ago.
    let age = Double(time(nil)) - (values["process_start_time_seconds"] ?? 0)
    #expect((-2...86_400).contains(age))
  }

  @Test func `an opened descriptor is counted`() {
    let before = ProcessStatistics.openFileDescriptors
    let opened = (0..<50).map { _ in open("/dev/null", O_RDONLY | O_CLOEXEC) }
    // Other tests may close a few meanwhile.
    #expect(ProcessStatistics.openFileDescriptors > before + 25)
    for fd in opened { close(fd) }
  }
}
