import ArgumentParser
import Foundation
import VivaTesting

struct ScriptedWorkersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workers",
    abstract: "Run workers that answer at once with fixed words and a tone, until Ctrl-C.",
    discussion: "Writes a configuration for `viva serve` that uses them.")

  @Option(help: "The folder to write viva.yaml and an agent into.")
  var folder: String
  @Option(help: "Where that server is to listen; the port after it is the admin listener's.")
  var port = 8080

  func run() async throws {
    let asr = try await ScriptedRecognizerServer(["A sentence that somebody said.", "And another one."])
    let llm = try await ScriptedLanguageModelServer { _ in
      .init("This is the first sentence of an answer. And this is the second one, which is a little longer.")
    }
    let tts = try await ScriptedSynthesizerServer()
    try write("agents/assistant.yaml", "instructions: Answer briefly.\n")
    try write(
      "viva.yaml",
      """
      # Viva with the scripted workers of `viva-load workers`, to measure the server alone.
      server: { listen: "127.0.0.1:\(port)", admin: "127.0.0.1:\(port + 1)", keys: [sk-load-test], key_file: null }
      workers:
        asr: [{ name: scripted-asr, protocol: wyoming, url: "\(asr.url)" }]
        llm: [{ name: scripted-llm, protocol: openai, url: "\(llm.url)" }]
        tts: [{ name: scripted-tts, protocol: wyoming, url: "\(tts.url)" }]

      """)
    print("Scripted workers are up. Start the server:  viva serve --config \(folder)/viva.yaml")
    fflush(nil)
    while true { try await Task.sleep(for: .seconds(3600)) }
  }

  private func write(_ name: String, _ text: String) throws {
    let url = URL(fileURLWithPath: folder).appendingPathComponent(name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }
}
