import ArgumentParser
import Foundation
import Runtime
import VivaTesting

struct Hostile: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let clients misbehave beside bots that talk; print how the server got rid of them, and at what cost.",
    discussion: """
      Slow readers have the agent talk to them and stop reading, read 1 KB a second, or ask for ever more. Half-open \
      clients open a session and show no sign of life, some in the middle of a frame. Stalled upgrades send no request, \
      half of one, or one byte of it a second. The agent should have no greeting.
      """)

  @OptionGroup var options: ServerOptions
  @Option(help: "How many slow readers.")
  var slow = 50
  @Option(help: "How many half-open clients.")
  var halfOpen = 200
  @Option(help: "How many stalled upgrades.")
  var stalledUpgrades = 200
  @Option(help: "For how long they misbehave at most, in seconds.")
  var seconds = 60
  @Option(help: "Bots that talk, before and meanwhile.")
  var talkers = 20
  @Option(help: "How long the bots talk before, in seconds.")
  var before = 30
  @Option(help: "What the bots speak.")
  var format = VoiceFormat.mixed

  private struct Result: Encodable {
    var command = "hostile"
    var outcomes: [HostileCrowd.Outcome] = []
    var talkers: Int
    var before: BotSummary?
    var during: BotSummary?
    /// Of the server's resident memory, in KiB: before, at the peak, and when all had left.
    var memoryBeforeKiB = 0
    var memoryPeakKiB = 0
    var memoryAfterKiB = 0
    var errors: [String: Int] = [:]
    var server: ProcessReport?
    var samples: [Monitor.Sample] = []
  }

  func validate() throws {
    guard slow >= 0, halfOpen >= 0, stalledUpgrades >= 0, slow + halfOpen + stalledUpgrades > 0, seconds > 0 else {
      throw ValidationError("At least one hostile client is needed, and --seconds must be positive.")
    }
    guard options.pid != nil else { throw ValidationError("Name the server's process: --pid.") }
  }

  func run() async throws {
    try raiseOpenFileLimit(for: slow + halfOpen + stalledUpgrades + talkers + 100)
    let tally = BotTally()
    let hostile = HostileCrowd()
    let voices = try format.voices()
    let crowd = Crowd(server: options.server, voices: voices, tally: tally)
    say("\(slow) slow readers, \(halfOpen) half-open, \(stalledUpgrades) stalled upgrades, \(talkers) bots beside them")
    let monitor = Monitor(pid: options.pid, tally: tally) { hostile.count }
    var result = try await crowd.talking(bots: talkers) {
      try await measure(hostile, try VoiceFormat.pcm.voices()[0], tally, monitor)
    }
    try await Task.sleep(for: .seconds(3))
    monitor.stop()
    result.errors.merge(tally.report.errors, uniquingKeysWith: +)
    result.samples = monitor.samples
    result.memoryAfterKiB = (monitor.samples.last?.server?.residentBytes ?? 0) / 1024
    result.server = ProcessReport(monitor.samples, \.server, steady: nil, sessionSeconds: 0)
    show(result)
    try write(result, to: options.json)
    if tally.errorCount > 0 || result.outcomes.contains(where: { $0.stillOpen > 0 }) { throw ExitCode(99) }
  }

  private func measure(
    _ hostile: HostileCrowd, _ voice: BotVoice, _ tally: BotTally, _ monitor: Monitor
  ) async throws -> Result {
    var result = Result(talkers: talkers)
    if talkers > 0 {
      // The first turns are over when they are all there.
      try await Task.sleep(for: .seconds(min(10, talkers) + 5))
      result.errors.merge(tally.take().errors, uniquingKeysWith: +)
      try await Task.sleep(for: .seconds(before))
      result.before = BotSummary(tally.take())
    }
    let start = monitor.take()
    result.memoryBeforeKiB = (start.server?.residentBytes ?? 0) / 1024
    result.outcomes = try await hostile.run(
      kinds, server: options.server, voice: voice, for: .seconds(seconds))
    result.memoryPeakKiB =
      (monitor.samples.filter { $0.seconds >= start.seconds }.compactMap { $0.server?.residentBytes }.max() ?? 0) / 1024
    let report = tally.take()
    if talkers > 0 { result.during = BotSummary(report) }
    result.errors.merge(report.errors, uniquingKeysWith: +)
    return result
  }

  /// The kinds of each group in equal parts.
  private var kinds: [HostileKind] {
    [(slow, HostileKind.slow), (halfOpen, HostileKind.halfOpen), (stalledUpgrades, HostileKind.stalledUpgrades)]
      .flatMap { count, kinds in (0..<count).map { kinds[$0 % kinds.count] } }
  }

  private func show(_ result: Result) {
    for outcome in result.outcomes { say(outcome.line) }
    if talkers > 0 {
      say(row("latency before", result.before?.latencyText ?? "–"))
      say(row("latency during", result.during?.latencyText ?? "–"))
      say(row("bots were late", "\(result.during?.latestMilliseconds ?? 0) ms at most"))
    }
    say(
      row(
        "server memory",
        "before \(result.memoryBeforeKiB) KiB   peak \(result.memoryPeakKiB)   after \(result.memoryAfterKiB)"))
    for line in (result.server?.lines("server") ?? []) + errorLines(result.errors) { say(line) }
  }
}
