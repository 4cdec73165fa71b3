import Foundation

@testable import VivaConfiguration

extension FuzzTarget {
  /// `viva.yaml`.
  static let configuration = FuzzTarget("configuration") { input in
    ConfigurationFolder.shared.load(settings: input.bytes, agent: ConfigurationFolder.agent)
  }

  /// An agent's file.
  static let agent = FuzzTarget("agent") { input in
    ConfigurationFolder.shared.load(settings: ConfigurationFolder.settings, agent: input.bytes)
  }
}

/// Files for the loader, which takes only real ones: in memory where the system has such a folder.
private struct ConfigurationFolder {
  static let shared = ConfigurationFolder()
  static let agent = Array("instructions: Be kind.\n".utf8)
  static let settings = Array(
    """
    workers:
      asr: [{ name: ear, protocol: wyoming, url: "tcp://127.0.0.1:1" }]
      llm: [{ name: mind, protocol: openai, url: "http://127.0.0.1:2/v1" }]
      tts: [{ name: mouth, protocol: espeak }]

    """.utf8)

  private let path: String

  private init() {
    let memory = "/dev/shm"
    let parent = FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
    path = "\(parent)/viva-fuzz-\(getpid())"
    try? FileManager.default.createDirectory(atPath: path + "/agents", withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(atPath: ConfigurationFolder.shared.path) }
  }

  func load(settings: [UInt8], agent: [UInt8]) {
    write(settings, "viva.yaml")
    write(agent, "agents/assistant.yaml")
    do throws(ConfigurationErrors) {
      let loaded = try SettingsLoader.load(path: "\(path)/viva.yaml", environment: ["HOME": "/home/viva"])
      for tool in loaded.agents.values.flatMap(\.tools) {
        guard let schema = tool.parameters else { continue }
        let read = try? JSONSerialization.jsonObject(with: Data(schema.utf8))
        expect(read is [String: Any], "parameters that are no JSON object: \(schema)")
      }
    } catch {
      expect((1...101).contains(error.problems.count), "\(error.problems.count) problems")
      for problem in error.problems {
        expect(!problem.description.utf8.contains { $0 < 0x20 }, "control characters in \(problem)")
      }
    }
  }

  private func write(_ bytes: [UInt8], _ name: String) {
    let file = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard file >= 0 else { fatalError("cannot write \(path)/\(name)") }
    _ = bytes.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
    close(file)
  }
}
