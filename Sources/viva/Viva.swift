import ArgumentParser

@main
struct Viva: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "viva",
    abstract: "A real-time speech session server: people talk, agents answer.",
    discussion: """
      Clients speak the OpenAI Realtime protocol over a WebSocket; the ASR, LLM and TTS workers are named in viva.yaml.

      Start it:             viva serve --config config/viva.yaml
      Check an edit first:  viva check-config --config config/viva.yaml
      Let somebody in:      viva token --config config/viva.yaml
      See who answers:      viva workers --config config/viva.yaml
      Take load off:        viva ladder --floor 3
      Have work done:       viva batch --file prompts.jsonl --out results.jsonl
      See whom to call:     viva callbacks --config config/viva.yaml
      """,
    version: "viva 0.1.0",
    subcommands: [
      Serve.self, CheckConfig.self, Token.self, ListWorkers.self, ShowLadder.self, Batch.self, ListCallbacks.self,
    ])
}

/// What every command that reads the configuration takes.
struct ConfigurationOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "The configuration file.")
  var config = "config/viva.yaml"
}
