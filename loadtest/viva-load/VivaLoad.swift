import ArgumentParser

@main
struct VivaLoad: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "viva-load",
    abstract: "Bots that talk to a Viva server, clients that misbehave, and workers that answer as told.",
    discussion: """
      To measure the server alone, give it scripted workers:

        viva-load workers --folder /tmp/scripted --sessions 10000 &
        viva serve --config /tmp/scripted/viva.yaml &
        viva-load talk --key sk-load-test --bots 50 --seconds 180 --pid SERVER

      With --pid, the server is on this machine: its CPU and memory are measured as well. Each command prints a line
      every 10 s and a report at the end; it exits with 99 when something went wrong that must not. The report says how \
      late the bots themselves were: more than some 20 ms, and the machine had no time for them. Where others work on it, \
      start all three under `chrt -r 1`.
      """,
    subcommands: [
      Talk.self, Room.self, Storm.self, Idle.self, Hostile.self, Loss.self, Sender.self, ScriptedWorkersCommand.self,
    ])
}
