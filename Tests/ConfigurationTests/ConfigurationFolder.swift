import Foundation
import VivaConfiguration

/// A folder of its own with a configuration in it, gone when the test is.
final class ConfigurationFolder {
  static let workers = """
    workers:
      asr: [{ name: ear, protocol: wyoming, url: "tcp://127.0.0.1:1" }]
      llm: [{ name: mind, protocol: openai, url: "http://127.0.0.1:2/v1" }]
      tts: [{ name: mouth, protocol: espeak }]
    """

  let path: String

  init() {
    path = FileManager.default.temporaryDirectory.appending(path: "viva-config-\(UUID().uuidString)").path
    write("agents/assistant.yaml", "instructions: Be kind.\n")
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func write(_ name: String, _ text: String) {
    write(name, Data(text.utf8))
  }

  func write(_ name: String, _ data: Data) {
    let url = URL(fileURLWithPath: "\(path)/\(name)")
    try! FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try! data.write(to: url)
  }

  /// Loads `yaml`, which need not say anything about workers.
  func load(_ yaml: String, environment: [String: String] = [:]) throws(ConfigurationErrors) -> Settings {
    write("viva.yaml", yaml.contains("workers:") ? yaml : "\(yaml)\n\(Self.workers)\n")
    return try SettingsLoader.load(path: "\(path)/viva.yaml", environment: environment)
  }

  /// What is wrong with `yaml`, a line each, with paths relative to the folder.
  func problems(_ yaml: String, environment: [String: String] = [:]) -> [String] {
    do throws(ConfigurationErrors) {
      _ = try load(yaml, environment: environment)
      return []
    } catch {
      return error.problems.map { $0.description.replacing("\(path)/", with: "") }
    }
  }
}
