import ArgumentParser
import Foundation
import Runtime
import VivaTesting

struct Idle: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Open sessions that nobody says anything in; print what each costs, and how bots beside them fare.",
    discussion: "The agent should have no greeting, or it greets them all. The server must allow so many sessions.")

  @OptionGroup var options: ServerOptions
  @Option(help: "How many idle sessions.")
  var connections = 1000
  @Option(help: "How many of them arrive in a second.")
  var rate = 500
  @Option(help: "How long they stay, in seconds.")
  var seconds = 60
  @Option(help: "Bots that talk, before they come and while they are there.")
  var talkers = 0
  @Option(help: "How long the bots talk before, in seconds.")
  var before = 30
  @Option(help: "What the bots speak.")
  var format = VoiceFormat.mixed

  private struct Result: Encodable {
    var command = "idle"
    var connections: Int
    var talkers: Int
    var seconds: Int
    /// KB (1,000 bytes) of the server's resident memory for each idle session: by the slope of its arrival, and by the
    /// difference once all have been there for a while.
    var kilobytesEachBySlope: Double?
    var kilobytesEachAtTheEnd: Double?
    /// CPU milliseconds in a second, of the server: with the talkers alone, and with the idle sessions too.
    var serverCPUMillisecondsBefore: Double?
    var serverCPUMillisecondsWhileIdle: Double?
    var before: BotSummary?
    var during: BotSummary?
    var errors: [String: Int]
    var server: ProcessReport?
    var samples: [Monitor.Sample]
  }

  func validate() throws {
    guard connections > 0, rate > 0, seconds > 0, talkers >= 0, before >= 0 else {
      throw ValidationError("--connections, --rate and --seconds must be positive.")
    }
    guard options.pid != nil else { throw ValidationError("Name the server's process: --pid.") }
  }

  func run() async throws {
    try raiseOpenFileLimit(for: connections + talkers + 100)
    let tally = BotTally()
    let idle = IdleCrowd(server: options.server, tally: tally)
    let crowd = Crowd(server: options.server, voices: talkers > 0 ? try format.voices() : [], tally: tally)
    say("\(connections) idle sessions for \(seconds) s, \(talkers) bots beside them")
    let monitor = Monitor(pid: options.pid, tally: tally) { idle.count }
    var result = try await crowd.talking(bots: talkers) { try await measure(idle, tally, monitor) }
    await idle.leave()
    try await Task.sleep(for: .seconds(3))
    monitor.stop()
    result.errors.merge(tally.report.errors, uniquingKeysWith: +)
    result.samples = monitor.samples
    result.server = ProcessReport(monitor.samples, \.server, steady: nil, sessionSeconds: 0)
    show(result)
    try write(result, to: options.json)
    if tally.errorCount > 0 { throw ExitCode(99) }
  }

  private func measure(_ idle: IdleCrowd, _ tally: BotTally, _ monitor: Monitor) async throws -> Result {
    var result = Result(connections: connections, talkers: talkers, seconds: seconds, errors: [:], samples: [])
    if talkers > 0 {
      // The first turns are over when they are all there.
      try await Task.sleep(for: .seconds(min(10, talkers) + 5))
      result.errors.merge(tally.take().errors, uniquingKeysWith: +)
      let start = monitor.take()
      try await Task.sleep(for: .seconds(before))
      result.serverCPUMillisecondsBefore = monitor.take().serverCPUMilliseconds(since: start)
      result.before = BotSummary(tally.take())
    }
    let empty = monitor.take()
    let arriving = Task {
      var points: [(x: Double, y: Double)] = []
      while !Task.isCancelled {
        let sample = monitor.take()
        points.append((Double(sample.others), Double(sample.server?.residentBytes ?? 0) / 1000))
        try? await Task.sleep(for: .milliseconds(200))
      }
      return points
    }
    try await idle.arrive(connections, rate: rate)
    arriving.cancel()
    result.kilobytesEachBySlope = LinearTrend(await arriving.value)?.slope
    result.errors.merge(tally.take().errors, uniquingKeysWith: +)
    say("\(idle.count) idle sessions are open")
    let full = monitor.take()
    try await Task.sleep(for: .seconds(seconds))
    let end = monitor.take()
    result.serverCPUMillisecondsWhileIdle = end.serverCPUMilliseconds(since: full)
    if let before = empty.server, let after = end.server, idle.count > 0 {
      result.kilobytesEachAtTheEnd = Double(after.residentBytes - before.residentBytes) / 1000 / Double(idle.count)
    }
    let report = tally.take()
    if talkers > 0 { result.during = BotSummary(report) }
    result.errors.merge(report.errors, uniquingKeysWith: +)
    return result
  }

  private func show(_ result: Result) {
    func number(_ value: Double?, _ format: String) -> String { value.map { String(format: format, $0) } ?? "–" }
    say(
      row(
        "server memory",
        number(result.kilobytesEachBySlope, "%.1f KB an idle session as they arrive, ")
          + number(result.kilobytesEachAtTheEnd, "%.1f KB at the end")))
    if talkers > 0 {
      say(row("latency before", result.before?.latencyText ?? "–"))
      say(row("latency during", result.during?.latencyText ?? "–"))
      say(row("server CPU before", number(result.serverCPUMillisecondsBefore, "%.1f ms a second")))
      say(row("bots were late", "\(result.during?.latestMilliseconds ?? 0) ms at most"))
    }
    say(row("server CPU during", number(result.serverCPUMillisecondsWhileIdle, "%.1f ms a second")))
    for line in (result.server?.lines("server") ?? []) + errorLines(result.errors) { say(line) }
  }
}

extension Monitor.Sample {
  /// Milliseconds in a second.
  func serverCPUMilliseconds(since earlier: Monitor.Sample) -> Double? {
    guard let server, let before = earlier.server, seconds > earlier.seconds else { return nil }
    return (server.cpuSeconds - before.cpuSeconds) * 1000 / (seconds - earlier.seconds)
  }
}
