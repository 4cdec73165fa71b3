import ArgumentParser
import Foundation
import Telemetry
import VivaConfiguration
import Workers

struct ListWorkers: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workers",
    abstract: "Ask every worker of the configuration whether it is alive.",
    discussion: """
      Asks the workers themselves; the server need not run. Workers that the server starts run only while it does. \
      Of a server that runs it shows the circuit breakers and the slots as well. \
      The exit code is 1 when one does not answer.
      """)

  @OptionGroup var options: ConfigurationOptions

  func run() async throws {
    let settings = try loadSettings(options.config)
    let workers = WorkerSet(settings: settings.workers, observer: WorkerMetrics(MetricsRegistry()))
    let statuses = await workers.status()
    await workers.shutdown()
    for line in Self.table(statuses) { say(line) }
    await showServer(settings.server)
    guard statuses.allSatisfy(\.isAlive) else { throw ExitCode(1) }
  }

  /// What the running server makes of them, if one runs.
  private func showServer(_ settings: ServerSettings) async {
    guard let key = try? Token.serverKey(settings) else { return }
    let server = AdminClient(settings, key: key)
    let answer = await server.workers()
    await server.shutdown()
    guard let answer else { return }
    say("\nIn the server:")
    for each in answer.data {
      let calls = each.calls
      say(
        "  \(each.name): breaker \(each.breaker.state) for \(Int(each.breaker.since_seconds)) s, "
          + "first result within \(each.first_result_limit_ms) ms; "
          + "calls: \(calls.succeeded) well, \(calls.failed) failed, \(calls.ignored) not counted")
    }
    for each in answer.pool?.instances ?? [] {
      say("  \(each.name): \(each.busy) of \(each.slots) slots taken\(each.healthy ? "" : ", not reached")")
    }
    var waiting: [String: Int] = [:]
    for queue in answer.pool?.queues ?? [] { waiting[queue.provider, default: 0] += queue.queued }
    for (provider, calls) in waiting.sorted(by: { $0.key < $1.key }) { say("  \(provider): \(calls) calls wait") }
  }

  /// Columns as wide as what is in them.
  private static func table(_ statuses: [ProviderStatus]) -> [String] {
    let rows = [["KIND", "NAME", "PROTOCOL", "ADDRESS", "STATE"]] + statuses.map(row)
    let widths = (0..<4).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let columns = zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
      return (columns + [row[4]]).joined(separator: "  ")
    }
  }

  private static func row(_ status: ProviderStatus) -> [String] {
    let latency = Int(status.latencyMilliseconds.rounded())
    let state = status.error.map { "does not answer: \($0)" } ?? "alive, \(latency) ms"
    return [status.kind.rawValue, status.name, status.wireProtocol.rawValue, status.url ?? "-", state]
  }
}
