import ArgumentParser
import Foundation
import Runtime
import VivaTesting

struct Storm: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let callers hang up and call again over WebRTC, all at once; print how bots that talk beside them fare.",
    discussion: "The callers are silent, and have a thread of their own. The bots that talk are there before.")

  @OptionGroup var options: ServerOptions
  @Option(help: "How many callers.")
  var bots = 100
  @Option(help: "For how long they call again, in seconds: the next time once all are there, and 5 s have passed.")
  var seconds = 30
  @Option(help: "Bots that talk beside them.")
  var talkers = 20
  @Option(help: "How long all talk and are silent before, in seconds.")
  var before = 30
  @Option(help: "What the bots speak.")
  var format = VoiceFormat.opus

  private struct Result: Encodable {
    var command = "storm"
    var bots: Int
    var talkers: Int
    var seconds: Int
    /// How often all have called anew.
    var storms = 0
    var before: BotSummary?
    var during: BotSummary?
    /// Of those who call again.
    var connectMilliseconds: CallSummary.Spread?
    var connects = 0
    var drops: DropReport?
    var errors: [String: Int] = [:]
    var server: ProcessReport?
    var tool: ProcessReport?
    var samples: [Monitor.Sample] = []
  }

  func validate() throws {
    guard bots > 0, seconds > 0, talkers >= 0, before > 0 else {
      throw ValidationError("--bots, --seconds and --before must be positive.")
    }
  }

  func run() async throws {
    try raiseOpenFileLimit(for: (bots + talkers) * 4 + 100)
    let tally = BotTally()
    let crowd = Crowd(
      server: options.server, voices: try format.callVoices(),
      lines: [try CallLine(calls: max(1, talkers), host: options.host, tally: tally)])
    let callers = StormCrowd(
      server: options.server, count: bots, line: try CallLine(calls: bots, host: options.host, tally: BotTally()))
    say("\(bots) callers who call again for \(seconds) s, \(talkers) bots beside them")
    let drops = DropReport(pid: options.pid)
    let monitor = Monitor(pid: options.pid, tally: tally) { callers.line.tally.active }
    var result = try await crowd.talking(bots: talkers) { try await measure(callers, tally) }
    monitor.stop()
    result.drops = DropReport(pid: options.pid).since(drops)
    result.samples = monitor.samples
    result.server = ProcessReport(monitor.samples, \.server, steady: nil, sessionSeconds: 0)
    result.tool = ProcessReport(monitor.samples, \.tool, steady: nil, sessionSeconds: 0)
    show(result)
    try write(result, to: options.json)
    if !result.errors.isEmpty { throw ExitCode(99) }
  }

  private func measure(_ callers: StormCrowd, _ tally: BotTally) async throws -> Result {
    var result = Result(bots: bots, talkers: talkers, seconds: seconds)
    func note(_ report: BotReport) { result.errors.merge(report.errors, uniquingKeysWith: +) }
    await callers.arrive(over: .seconds(min(10, bots)))
    // The first turns are over when they are all there.
    try await Task.sleep(for: .seconds(5))
    note(tally.take())
    note(callers.line.tally.take())
    try await Task.sleep(for: .seconds(before))
    let quiet = tally.take()
    note(quiet)
    result.before = BotSummary(quiet)

    let end = Instant.now + .seconds(seconds)
    while Instant.now < end {
      let next = Instant.now + .seconds(5)
      await callers.callAgain()
      result.storms += 1
      try await Task.sleep(for: .nanoseconds(max(0, (min(next, end) - .now).nanoseconds)))
    }
    // Threads tell within a second.
    try await Task.sleep(for: .seconds(1))
    let stormy = tally.take()
    note(stormy)
    result.during = BotSummary(stormy)
    let calls = callers.line.tally.take()
    result.connects = calls.calls.connectTimes.count
    result.connectMilliseconds = CallSummary(calls.calls)?.connectMilliseconds
    note(calls)
    await callers.leave()
    note(callers.line.tally.take())
    return result
  }

  private func show(_ result: Result) {
    say(row("storms", "\(result.storms) of \(bots) calls, \(result.connects) connected"))
    say(row("connect time", result.connectMilliseconds?.text ?? "–"))
    for (name, summary) in [("before", result.before), ("during", result.during)] {
      guard let summary else { continue }
      say(row("gaps \(name)", summary.calls?.gapText ?? "–"))
      say(row("latency \(name)", summary.latencyText))
      say(
        row(
          "  packets",
          "\(summary.calls?.latePackets ?? 0) late, \(summary.calls?.packetsLost ?? 0) lost, "
            + "bots \(summary.latestMilliseconds) ms late at most"))
    }
    for line in (result.drops?.lines ?? []) + (result.server?.lines("server") ?? []) + errorLines(result.errors) {
      say(line)
    }
  }
}
