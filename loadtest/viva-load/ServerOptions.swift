import ArgumentParser
import VivaTesting

/// The server that is measured, and where the figures go.
struct ServerOptions: ParsableArguments {
  @Option(help: "The server's host.")
  var host = "127.0.0.1"
  @Option(help: "The server's port.")
  var port = 8080
  @Option(help: "A key of the server.")
  var key: String
  @Option(help: "The agent to talk to.")
  var model = "assistant"
  @Option(help: "A process of this machine to account for: the server's.")
  var pid: Int32?
  @Option(help: "Write everything that was measured into this file, with a sample a second.")
  var json: String?

  func validate() throws {
    if let pid, ProcessUsage(pid: pid) == nil { throw ValidationError("There is no process \(pid) to look at.") }
  }

  var server: RealtimeBot.Server { .init(host: host, port: port, key: key, model: model) }
}
