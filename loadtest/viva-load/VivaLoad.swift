import ArgumentParser

@main
struct VivaLoad: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "viva-load",
    abstract: "Bots that talk to a Viva server, and workers that answer as told.",
    discussion: """
      To measure the server alone, give it scripted workers:

        viva-load workers --folder /tmp/scripted &
        viva serve --config /tmp/scripted/viva.yaml &
        viva-load talk --key sk-load-test --bots 50 --seconds 180 --pid SERVER
      """,
    subcommands: [Talk.self, ScriptedWorkersCommand.self])
}
