import ArgumentParser
import VivaConfiguration

struct CheckConfig: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-config",
    abstract: "Read the configuration and its agents; name every mistake by file, line and key.")

  @OptionGroup var options: ConfigurationOptions

  func run() throws {
    let settings = try loadSettings(options.config)
    let workers = settings.workers
    say("\(options.config): ok")
    say("  clients   http://\(settings.server.listen)   admin http://\(settings.server.admin)")
    say(
      "  agents    \(settings.agents.keys.sorted().joined(separator: ", "))   default \(settings.defaultAgent)"
    )
    for (kind, providers) in [("asr", workers.asr), ("llm", workers.llm), ("tts", workers.tts)] {
      let list = providers.map { provider in
        let places = provider.atInstances.compactMap(\.settings.url).map { " \($0)" }
        return "\(provider.name) (\(provider.wireProtocol.rawValue)\(places.joined(separator: ",")))"
      }
      say("  \(kind)       \(list.joined(separator: ", "))")
    }
  }
}
