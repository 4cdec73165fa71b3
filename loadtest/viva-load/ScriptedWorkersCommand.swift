import ArgumentParser
import Foundation
import VivaTesting

struct ScriptedWorkersCommand: AsyncParsableCommand {
  enum SpeechProtocol: String, ExpressibleByArgument, CaseIterable {
    case wyoming, openai
  }

  static let configuration = CommandConfiguration(
    commandName: "workers",
    abstract: "Run workers that answer at once with fixed words and a tone, until Ctrl-C.",
    discussion: "Writes a configuration for `viva serve` that uses them.")

  private static let words = ["A sentence that somebody said.", "And another one."]

  @Option(help: "The folder to write viva.yaml and an agent into.")
  var folder: String
  @Option(help: "Where that server is to listen; the port after it is the admin listener's.")
  var port = 8080
  @Option(name: .customLong("protocol"), help: "What ASR and TTS speak. With openai the TTS has Opus to pass on.")
  var speech = SpeechProtocol.wyoming
  @Option(help: "Raise the server's limits to this many sessions (1 to 100000); its defaults otherwise.")
  var sessions: Int?

  @Option(help: "Raise its limits to this many guests of a room (1 to 1000); its defaults otherwise.")
  var guests: Int?

  func validate() throws {
    guard sessions.map((1...100_000).contains) ?? true, guests.map((1...1000).contains) ?? true else {
      throw ValidationError("--sessions must be 1 to 100000, --guests 1 to 1000.")
    }
  }

  func run() async throws {
    try raiseOpenFileLimit(for: 1024)
    let llm = try await ScriptedLanguageModelServer { _ in
      .init("This is the first sentence of an answer. And this is the second one, which is a little longer.")
    }
    let workers = try await SpeechWorkers(speech, words: Self.words)
    try write("agents/assistant.yaml", "instructions: Answer briefly.\n")
    try write(
      "viva.yaml",
      """
      # Viva with the scripted workers of `viva-load workers`, to measure the server alone.
      server: { listen: "127.0.0.1:\(port)", admin: "127.0.0.1:\(port + 1)", keys: [sk-load-test], key_file: null }
      workers:
        asr: [{ name: scripted-asr, protocol: \(speech.rawValue), url: "\(workers.asr)" }]
        llm: [{ name: scripted-llm, protocol: openai, url: "\(llm.url)" }]
        tts: [{ name: scripted-tts, protocol: \(speech.rawValue), url: "\(workers.tts)"\(workers.ttsSettings) }]
      \(limits)
      """)
    print("Scripted workers are up. Start the server:  viva serve --config \(folder)/viva.yaml")
    fflush(nil)
    while true { try await Task.sleep(for: .seconds(3600)) }
  }

  private var limits: String {
    var limits: [String] = []
    if let sessions {
      limits += ["sessions: \(sessions)", "sessions_per_key: \(sessions)", "responses_per_minute: \(sessions * 10)"]
    }
    // The caller has a sideband too.
    if let guests { limits += ["sidebands: \(guests + 8)", "room_guests: \(guests)"] }
    guard !limits.isEmpty else { return "" }
    limits.append("connections_per_minute: \(max(sessions ?? 0, guests ?? 0) * 10)")
    return "limits: { \(limits.joined(separator: ", ")) }\n"
  }

  /// Where they listen. The servers live on: their listeners hold them.
  private struct SpeechWorkers {
    var asr: String
    var tts: String
    var ttsSettings = ""

    init(_ speech: SpeechProtocol, words: [String]) async throws {
      switch speech {
      case .wyoming:
        asr = try await ScriptedRecognizerServer(words).url
        tts = try await ScriptedSynthesizerServer().url
      case .openai:
        asr = try await ScriptedTranscriptionServer(words, keepsFiles: false).url
        tts = try await ScriptedSpeechServer().url
        ttsSettings = ", response_format: opus"
      }
    }
  }

  private func write(_ name: String, _ text: String) throws {
    let url = URL(fileURLWithPath: folder).appendingPathComponent(name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }
}
