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
      The exit code is 1 when one does not answer.
      """)

  @OptionGroup var options: ConfigurationOptions

  func run() async throws {
    let settings = try loadSettings(options.config)
    let workers = WorkerSet(settings: settings.workers, observer: WorkerMetrics(MetricsRegistry()))
    let statuses = await workers.status()
    await workers.shutdown()
    for line in Self.table(statuses) { say(line) }
    guard statuses.allSatisfy(\.isAlive) else { throw ExitCode(1) }
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
