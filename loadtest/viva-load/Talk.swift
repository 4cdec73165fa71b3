import ArgumentParser
import Foundation
import Runtime
import VivaTesting

struct Talk: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let bots hold conversations for a while; print what they heard, and what the server cost.")

  @Option(help: "The server's host.")
  var host = "127.0.0.1"
  @Option(help: "The server's port.")
  var port = 8080
  @Option(help: "A key of the server.")
  var key: String
  @Option(help: "The agent to talk to.")
  var model = "assistant"
  @Option(help: "How many bots at once.")
  var bots = 10
  @Option(help: "How long each talks, in seconds.")
  var seconds = 60
  @Option(help: "Over how many seconds the bots arrive.")
  var ramp = 5
  @Option(help: "A process of this machine to account for: the server's.")
  var pid: Int32?

  func validate() throws {
    guard bots > 0, seconds > 0, ramp >= 0 else {
      throw ValidationError("--bots and --seconds must be positive.")
    }
  }

  func run() async throws {
    let bot = RealtimeBot(
      server: .init(host: host, port: port, key: key, model: model), utterances: try Sentences.spoken())
    print("\(bots) bots, \(seconds) s each, arriving over \(ramp) s")
    let before = pid.flatMap(ProcessUsage.init)
    let peak = Task { await peakMemory() }
    let report = await talk(bot)
    peak.cancel()
    print(report.table)
    if let pid, let before, let after = ProcessUsage(pid: pid) {
      let sessionSeconds = Double(bots * seconds)
      let cpu = (after.cpuSeconds - before.cpuSeconds) * 1000 / sessionSeconds
      let memory = Double(await peak.value - before.residentBytes) / Double(bots) / 1024
      print(String(format: "server CPU         %.2f ms per session-second", cpu))
      print(String(format: "server memory      %.0f KiB per session above idle, at the peak", memory))
    }
    if !report.errors.isEmpty { throw ExitCode(99) }
  }

  private func talk(_ bot: RealtimeBot) async -> BotReport {
    await withTaskGroup(of: BotReport.self) { group in
      for index in 0..<bots {
        group.addTask {
          try? await Task.sleep(for: .milliseconds(index * ramp * 1000 / bots))
          do {
            return try await bot.talk(for: .seconds(seconds), firstUtterance: index)
          } catch {
            var report = BotReport()
            report.errors.append("could not connect: \(error)")
            return report
          }
        }
      }
      var total = BotReport()
      for await report in group { total.add(report) }
      return total
    }
  }

  private func peakMemory() async -> Int {
    var peak = 0
    while !Task.isCancelled {
      if let pid, let usage = ProcessUsage(pid: pid) { peak = max(peak, usage.residentBytes) }
      try? await Task.sleep(for: .seconds(1))
    }
    return peak
  }
}

extension BotReport {
  fileprivate var table: String {
    func milliseconds(_ quantile: Double) -> String {
      latency(quantile).map { "\($0.milliseconds) ms" } ?? "–"
    }
    var lines = [
      "utterances         \(utterances)",
      "responses          "
        + responses.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", "),
      "response latency   p50 \(milliseconds(0.5))   p95 \(milliseconds(0.95))   p99 \(milliseconds(0.99))",
      "agent audio heard  \(audioMilliseconds / 1000) s",
      "most sent ahead    \(mostAhead.milliseconds) ms",
      "errors             \(errors.count)",
    ]
    for (error, count) in Dictionary(errors.map { ($0, 1) }, uniquingKeysWith: +).prefix(10) {
      lines.append("  \(count) × \(error)")
    }
    return lines.joined(separator: "\n")
  }
}
