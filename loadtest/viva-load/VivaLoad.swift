import ArgumentParser

@main
struct VivaLoad: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "viva-load", abstract: "Bots that talk to a Viva server and measure what they hear.",
    subcommands: [])
}
