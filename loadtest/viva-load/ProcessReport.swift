import Foundation
import VivaTesting

/// What a process took over a run.
struct ProcessReport: Encodable {
  struct Pair: Encodable {
    var start: Int
    /// When everybody had left.
    var end: Int
  }

  var cpuMillisecondsPerSessionSecond: Double?
  var memory: MemoryTrend?
  var descriptors: Pair
  var threads: Pair

  /// - Parameters:
  ///   - steady: seconds between which the load stood still; nil when it never did.
  ///   - sessionSeconds: how long all bots talked, together.
  init?(
    _ samples: [Monitor.Sample], _ process: KeyPath<Monitor.Sample, ProcessUsage?>, steady: ClosedRange<Double>?,
    sessionSeconds: Double
  ) {
    let usages = samples.compactMap { sample in sample[keyPath: process].map { (sample.seconds, $0) } }
    guard let first = usages.first?.1, let last = usages.last?.1 else { return nil }
    if sessionSeconds > 0 {
      cpuMillisecondsPerSessionSecond = (last.cpuSeconds - first.cpuSeconds) * 1000 / sessionSeconds
    }
    memory = steady.flatMap { steady in
      MemoryTrend(usages.map { .init(seconds: $0.0, bytes: $0.1.residentBytes) }, steady: steady)
    }
    descriptors = Pair(start: first.descriptors, end: last.descriptors)
    threads = Pair(start: first.threads, end: last.threads)
  }

  func lines(_ name: String) -> [String] {
    var lines: [String] = []
    if let cpu = cpuMillisecondsPerSessionSecond {
      lines.append(row("\(name) CPU", String(format: "%.2f ms per session-second", cpu)))
    }
    if let memory { lines += memory.lines(name) }
    lines.append(
      row(
        "\(name) handles", "files \(descriptors.start) → \(descriptors.end)   threads \(threads.start) → \(threads.end)"
      ))
    return lines
  }
}

extension MemoryTrend {
  fileprivate func lines(_ name: String) -> [String] {
    let verdict = isFlat.map { $0 ? "flat" : "NOT FLAT" } ?? "too short to tell"
    return [
      row(
        "\(name) memory",
        "start \(startKiB) KiB   ramp end \(rampEndKiB)   middle \(middleKiB)   end \(endKiB)   peak \(peakKiB)"),
      row(
        "  slope",
        String(
          format: "%+.0f KiB per minute after the ramp, %+.0f in the second half: ", kiBPerMinute,
          kiBPerMinuteInSecondHalf) + verdict),
    ]
  }
}

/// A line of a report.
func row(_ name: String, _ value: String) -> String {
  name.padding(toLength: max(name.count + 1, 19), withPad: " ", startingAt: 0) + value
}
