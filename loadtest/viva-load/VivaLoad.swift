import ArgumentParser

@main
struct VivaLoad: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "viva-load",
    abstract: "Bots that talk to a Viva server, and workers that answer as told.",
    discussion: """
      To measure the server alone, give it scripted workers:

        viva-load workers --asr 20301 --llm 20091 --tts 20200 &
        viva serve --config loadtest/scripted/viva.yaml &
        viva-load talk --key sk-load-test --bots 50 --seconds 180
      """,
    subcommands: [Talk.self, ScriptedWorkersCommand.self])
}
