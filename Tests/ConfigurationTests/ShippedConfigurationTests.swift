import Foundation
import Testing
import VivaConfiguration

enum ShippedConfiguration {
  static func path(_ name: String) -> URL {
    // The real path: the package may be reached through a symbolic link.
    URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "config/\(name)")
  }
}

@Suite struct ShippedConfigurationTests {
  private func load(_ environment: [String: String] = [:]) throws -> Settings {
    try SettingsLoader.load(path: ShippedConfiguration.path("viva.yaml").path, environment: environment)
  }

  @Test func loadsWithoutAnyEnvironment() throws {
    let settings = try load()
    #expect(settings.server.listen.isLoopback && settings.server.admin.isLoopback)
    #expect(settings.server.keys.isEmpty)
    #expect(settings.server.keyFile?.hasSuffix("/.viva/keys") == true)
    #expect(settings.server.keyFile?.contains("..") == false)
    #expect(settings.workers.asr.map(\.name) == ["moonshine"])
    #expect(settings.workers.llm.map(\.name) == ["smollm2"])
    #expect(settings.workers.tts.map(\.name) == ["piper", "espeak"])
    #expect(settings.agents.keys.sorted() == ["assistant", "interviewer"])
    #expect(settings.defaultAgent == "assistant")
  }

  @Test func saysTheDefaultsItClaims() throws {
    let settings = try load()
    #expect(settings.audio == AudioSettings())
    #expect(settings.limits == LimitSettings())
    #expect(settings.server.listen == ServerSettings().listen)
    #expect(settings.server.admin == ServerSettings().admin)
  }

  @Test func commandsNameFilesOfTheRepository() throws {
    let settings = try load()
    for provider in settings.workers.asr + settings.workers.llm {
      let process = try #require(provider.process)
      let scripts = process.command.filter { $0.hasPrefix("workers/") }
      #expect(scripts.count == 1)
      for script in scripts {
        #expect(FileManager.default.fileExists(atPath: "\(settings.folder)/\(script)"))
      }
    }
  }

  @Test func theKeyMayComeFromTheEnvironment() throws {
    #expect(try load(["VIVA_API_KEY": "from-outside"]).server.keys == ["from-outside"])
  }

  @Test func agentsSuitASmallModel() throws {
    let agents = try load().agents
    for name in ["assistant", "interviewer"] {
      let agent = try #require(agents[name])
      #expect(agent.examples.count >= 3)
      #expect(agent.sampling.temperature == 0)
    }
    #expect(agents["assistant"]?.greeting == nil)
    #expect(agents["assistant"]?.sampling.maxTokens == 40)
    #expect(agents["interviewer"]?.greeting?.hasSuffix("?") == true)
    #expect(agents["interviewer"]?.sampling.maxTokens == 32)
  }

  /// What is commented out is what a newcomer uncomments.
  @Test func commentedExamplesLoadToo() throws {
    let folder = ConfigurationFolder()
    let shipped = try String(contentsOf: ShippedConfiguration.path("viva.yaml"), encoding: .utf8)
    let settingInComment = /(?m)^( *)# ( *(?:- )?[a-z_]+:(?: .*)?)$/
    let uncommented = shipped.replacing(settingInComment) { "\($0.output.1)\($0.output.2)" }
    folder.write("tls/fullchain.pem", "x")
    folder.write("tls/privkey.pem", "x")
    let settings = try folder.load(uncommented, environment: ["OPENAI_API_KEY": "sk-test"])
    #expect(settings.workers.asr.map(\.name) == ["moonshine", "whisper"])
    #expect(settings.workers.llm.map(\.name) == ["smollm2", "remote"])
    #expect(settings.workers.llm.last?.apiKey == "sk-test")
    #expect(settings.server.tlsKey != nil)
    #expect(settings.limits == LimitSettings())
  }
}
