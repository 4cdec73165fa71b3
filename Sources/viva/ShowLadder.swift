import ArgumentParser
import VivaConfiguration

struct ShowLadder: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ladder",
    abstract: "Show or set the floor of all sessions of the running server.",
    discussion: """
      Levels: 1 full, 2 reduced AI, 3 predefined questions, 4 text, 5 an apology. No session gets a better one than the \
      floor; 1 lifts it. Without --floor it is shown.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Option(help: "1 to 5.")
  var floor: Int?

  func run() async throws {
    let settings = try loadSettings(options.config)
    let server = AdminClient(settings.server, key: try Token.serverKey(settings.server))
    do {
      let state = try await server.ladder(settingFloor: floor)
      await server.shutdown()
      say("The operator's floor is level \(state.floor), that of the node's load level \(state.overload).")
    } catch {
      await server.shutdown()
      complain(String(describing: error))
      throw ExitCode(1)
    }
  }
}
