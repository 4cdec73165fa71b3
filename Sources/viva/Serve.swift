import ArgumentParser
import Foundation
import Logging
import Telemetry
import VivaConfiguration

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
    let settings = try loadSettings(options.config)
    let server = try Server(settings: settings, configurationPath: options.config, workerLogs: workerLogs)
    let signals = StopSignals()
    do {
      try await server.start()
      print("Viva is up, the workers are warming: \(server.pageURL)")
      if try await signals.race(server.waitUntilWarm) {
        print("\nReady. Open  \(server.addressWithKey)\n")
        await signals.wait()
      }
      print("Stopping.")
    } catch let error as ServerError {
      complain(error.description)
      await server.stop()
      throw ExitCode(1)
    }
    await server.stop()
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
