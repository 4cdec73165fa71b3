import ArgumentParser
import Foundation
import Runtime
import VivaTesting

struct Room: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let guests listen to one call over WebRTC; print what a packet to each of them costs the server.",
    discussion: """
      The server must allow so many guests: `viva-load workers --guests 100`. What the call costs without them is \
      measured before they come, and taken off.
      """)

  @OptionGroup var options: ServerOptions
  @Option(help: "How many listen.")
  var listeners = 100
  @Option(help: "For how long, in seconds.")
  var seconds = 60
  @Option(help: "How long the caller is alone before, in seconds.")
  var before = 20

  private struct Result: Encodable {
    var command = "room"
    var listeners: Int
    var connected = 0
    var seconds: Int
    var cost: ForwardingCost?
    var packetsReceived = 0
    var packetsLost = 0
    var calls: CallSummary?
    var drops: DropReport?
    var errors: [String: Int] = [:]
    var samples: [Monitor.Sample] = []
  }

  func validate() throws {
    guard (1...1000).contains(listeners), seconds > 0, before > 0 else {
      throw ValidationError("--listeners must be 1 to 1000, --seconds and --before positive.")
    }
    guard options.pid != nil else { throw ValidationError("Name the server's process: --pid.") }
  }

  func run() async throws {
    try raiseOpenFileLimit(for: listeners * 4 + 100)
    let tally = BotTally()
    let guests = try CallLine(calls: listeners, host: options.host, tally: BotTally())
    let line = try CallLine(calls: 1, host: options.host, tally: tally)
    let bot = WebRTCBot(server: options.server, voice: try VoiceFormat.opus.callVoices()[0], line: line)
    let (calls, answered) = AsyncStream.makeStream(of: String.self)
    let talking = Task {
      await bot.talk(for: .seconds(86_400), whenAnswered: { answered.yield($0) })
      answered.finish()
    }
    guard let call = await calls.first(where: { _ in true }) else {
      for line in errorLines(tally.report.errors) { say(line) }
      throw ExitCode(99)
    }
    say("\(listeners) listeners in the room of \(call) for \(seconds) s")
    let drops = DropReport(pid: options.pid)
    let monitor = Monitor(pid: options.pid, tally: tally) { guests.tally.active }
    var result = try await measure(call, guests, monitor)
    talking.cancel()
    await talking.value
    monitor.stop()
    result.errors.merge(tally.report.errors, uniquingKeysWith: +)
    result.drops = DropReport(pid: options.pid).since(drops)
    result.samples = monitor.samples
    show(result)
    try write(result, to: options.json)
    if !result.errors.isEmpty { throw ExitCode(99) }
  }

  private func measure(_ call: String, _ line: CallLine, _ monitor: Monitor) async throws -> Result {
    var result = Result(listeners: listeners, seconds: seconds)
    try await Task.sleep(for: .seconds(5))
    let alone = monitor.take()
    try await Task.sleep(for: .seconds(before))
    let cpuBefore = monitor.take().serverCPUMilliseconds(since: alone)

    let voice = CallVoice([], format: .opus)
    let listening = Task { [options, listeners] in
      await withTaskGroup(of: Void.self) { group in
        for index in 0..<listeners {
          group.addTask {
            try? await Task.sleep(for: .milliseconds(index * 50))
            let bot = WebRTCBot(server: options.server, voice: voice, line: line, hearsEvents: false)
            await bot.talk(for: .seconds(86_400), listeningTo: call)
          }
        }
      }
    }
    for _ in 0..<60 where line.tally.active + line.tally.errorCount < listeners {
      try await Task.sleep(for: .milliseconds(500))
    }
    // Threads tell within a second.
    try await Task.sleep(for: .seconds(3))
    result.connected = line.tally.active
    result.errors = line.tally.take().errors
    let start = monitor.take()
    try await Task.sleep(for: .seconds(seconds))
    let end = monitor.take()
    let heard = line.tally.take()
    result.errors.merge(heard.errors, uniquingKeysWith: +)
    result.packetsReceived = heard.calls.packetsReceived
    result.packetsLost = heard.calls.packetsLost
    result.calls = CallSummary(heard.calls)
    if let cpuBefore, let cpu = end.serverCPUMilliseconds(since: start) {
      result.cost = ForwardingCost(
        packets: result.packetsReceived, lost: result.packetsLost, seconds: end.seconds - start.seconds,
        cpuMillisecondsPerSecond: cpu, cpuMillisecondsPerSecondBefore: cpuBefore)
    }
    listening.cancel()
    await listening.value
    return result
  }

  private func show(_ result: Result) {
    say(row("listeners", "\(result.connected) of \(result.listeners)"))
    if let cost = result.cost {
      say(
        row(
          "server CPU",
          String(
            format: "%.1f ms a second (%.1f %% of a core), %.1f without listeners", cost.cpuMillisecondsPerSecond,
            cost.cpuMillisecondsPerSecond / 10, cost.cpuMillisecondsPerSecondBefore)))
      say(
        row(
          "forwarding",
          String(format: "%.0f packets a second, %.1f µs each", cost.packetsPerSecond, cost.microsecondsPerPacket)))
    }
    say(row("packets", "\(result.packetsReceived) received, \(result.packetsLost) lost"))
    if let calls = result.calls { say(row("gaps", calls.gapText)) }
    for line in (result.drops?.lines ?? []) + errorLines(result.errors) { say(line) }
  }
}
