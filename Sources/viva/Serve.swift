import ArgumentParser
import Foundation
import Logging
import Telemetry
import VivaConfiguration
import Workers

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Start the server and the workers that the configuration tells it to run.",
    discussion: "Ctrl-C, or SIGTERM, stops both. SIGKILL does too: the workers die with the server.")

  @OptionGroup var options: ConfigurationOptions

  @Option(help: "How much is logged: trace, debug, info, notice, warning, error or critical.")
  var logLevel = Logger.Level.notice

  @Option(help: "Where the logs of the workers are kept.")
  var workerLogs = ".viva/logs"

  @Flag(help: "Exit when the workers cannot be started, instead of going on trying.")
  var strict = false

  func run() async throws {
    VivaLog.bootstrap(level: logLevel)
    let server = try Server(settings: try loadSettings(options.config), workerLogs: workerLogs)
    let signals = StopSignals()
    do {
      try server.start()
      try await serve(server, until: signals)
    } catch {
      complain(String(describing: error))
      await server.stop()
      throw ExitCode(1)
    }
    say("Stopping.")
    await server.stop()
  }

  private func serve(_ server: Server, until signals: StopSignals) async throws {
    say("Viva is up, its workers are warming: \(server.pageURL)")
    do {
      guard try await signals.race(server.waitUntilWarm) else { return }
      say("\nReady. Open  \(server.addressWithKey)\n\(anotherKey)\n")
    } catch let error as WorkerStartError where !strict {
      complain(
        "\(error)\nIt will be tried again and again; meanwhile the next provider of its kind answers, if there is one.")
      say("\nUp, but not all workers are. Open  \(server.addressWithKey)\n\(anotherKey)\n")
    }
    await signals.wait()
  }
}

extension Serve {
  fileprivate var anotherKey: String {
    "The key in it opens sessions for two hours; for another one: viva token --config \(options.config)"
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
