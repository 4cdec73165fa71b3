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
    #expect(settings.workers.endOfTurn.map(\.name) == ["smart-turn"])
    #expect(settings.webhooks.isEmpty)
    #expect(settings.pool == PoolSettings())
    #expect(settings.workers.llm[0].slots == 2 && settings.workers.asr[0].slots == nil)
    #expect(settings.agents.keys.sorted() == ["assistant", "interviewer"])
    #expect(settings.defaultAgent == "assistant")
  }

  @Test func saysTheDefaultsItClaims() throws {
    let settings = try load()
    #expect(settings.audio == AudioSettings())
    #expect(settings.limits == LimitSettings())
    #expect(settings.webRTC == WebRTCSettings())
    #expect(settings.server.listen == ServerSettings().listen)
    #expect(settings.server.admin == ServerSettings().admin)
  }

  @Test func commandsNameFilesOfTheRepository() throws {
    let settings = try load()
    for provider in settings.workers.asr + settings.workers.llm + settings.workers.endOfTurn {
      let process = try #require(provider.process)
      let scripts = process.command.filter { $0.hasPrefix("workers/") }
      #expect(scripts.count == 1)
      for script in scripts {
        #expect(FileManager.default.fileExists(atPath: "\(settings.folder)/\(script)"))
      }
    }
  }

  @Test func developmentIsTheEnvironmentsWish() throws {
    #expect(try !load().server.development)
    #expect(try load(["VIVA_DEVELOPMENT": "true"]).server.development)
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

  private let settingInComment = /(?m)^( *)# ( *(?:- )?[a-z_]+:(?: .*)?)$/

  private func uncommented(_ name: String) throws -> String {
    try String(contentsOf: ShippedConfiguration.path(name), encoding: .utf8)
      .replacing(settingInComment) { "\($0.output.1)\($0.output.2)" }
  }

  /// What is commented out is what a newcomer uncomments.
  @Test func commentedExamplesLoadToo() throws {
    let folder = ConfigurationFolder()
    folder.write("tls/fullchain.pem", "x")
    folder.write("tls/privkey.pem", "x")
    let settings = try folder.load(
      uncommented("viva.yaml"),
      environment: ["OPENAI_API_KEY": "sk-test", "VIVA_WEBHOOK_SECRET": "0123456789abcdef"])
    #expect(settings.workers.asr.map(\.name) == ["moonshine", "whisper", "transcriber"])
    #expect(settings.workers.llm.map(\.name) == ["smollm2", "remote"])
    #expect(settings.workers.tts.map(\.name) == ["piper", "speaker", "espeak"])
    #expect(settings.workers.llm.last?.apiKey == "sk-test")
    #expect(settings.server.tlsKey != nil)
    #expect(settings.server.maximumEphemeralKeys == ServerSettings().maximumEphemeralKeys)
    #expect(settings.limits == LimitSettings())
    #expect(settings.webRTC == WebRTCSettings())
    let webhook = try #require(settings.webhooks.first)
    var expected = WebhookSettings(url: "https://app.example.com/viva", secret: "0123456789abcdef")
    expected.events = ["session.started", "session.ended"]
    #expect(webhook == expected)
  }

  @Test func commentedExamplesOfAnAgentLoadToo() throws {
    let folder = ConfigurationFolder()
    folder.write("agents/assistant.yaml", try uncommented("agents/assistant.yaml"))
    let agent = try #require(
      folder.load(
        ConfigurationFolder.workers.replacing("name: mind", with: "name: smollm2"),
        environment: ["BOOKING_SECRET": "0123456789abcdef", "BOOKING_TOKEN": "token"]
      ).agents["assistant"])
    let plain = Agent(name: "assistant")
    #expect(agent.turnDetection == plain.turnDetection)
    #expect(agent.speed == plain.speed && agent.noiseReduction == plain.noiseReduction)
    #expect(agent.historyCharacters == plain.historyCharacters)
    #expect(agent.interruptions.resume == plain.interruptions.resume)
    #expect(agent.interruptions.noWordsMilliseconds == plain.interruptions.noWordsMilliseconds)
    #expect(Set(agent.interruptions.backchannels).isSubset(of: plain.interruptions.backchannels))
    let tool = try #require(agent.tools.first)
    #expect(tool.headers == ["Authorization": "Bearer token"])
    #expect(tool.timeoutMilliseconds == HTTPTool(name: "", url: "").timeoutMilliseconds)
    #expect(tool.retry == HTTPTool(name: "", url: "").retry)
    #expect(tool.filler?.phrases.count == 2)
  }
}
