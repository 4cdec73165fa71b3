import Foundation
import Testing
import VivaConfiguration

@Suite struct SettingsProblemTests {
  let folder = ConfigurationFolder()

  @Test func saysWhatIsOutOfRangeAndWhatIsAllowed() {
    #expect(
      folder.problems("server:\n  shards: 2\naudio:\n  send_ahead_ms: 20") == [
        "viva.yaml:4: audio.send_ahead_ms: 20 is out of range; allowed: 100 to 5000"
      ])
  }

  @Test func givesTheColumnToo() throws {
    let error = try #require(throws: ConfigurationErrors.self) {
      try folder.load("audio:\n  send_ahead_ms:  20")
    }
    let problem = try #require(error.problems.first)
    #expect(problem.line == 2)
    #expect(problem.column == 19)
    #expect(problem.key == "audio.send_ahead_ms")
  }

  @Test func suggestsTheKeyThatWasMeant() {
    #expect(
      folder.problems("audio:\n  send_ahed_ms: 200") == [
        "viva.yaml:2: audio.send_ahed_ms: is not a known key; did you mean send_ahead_ms?; allowed: send_ahead_ms"
      ])
    #expect(
      folder.problems("audios: {}") == [
        "viva.yaml:1: audios: is not a known key; did you mean audio?; "
          + "allowed: server, audio, webrtc, limits, pool, workers, ladder, answer_cache, callbacks, checkpoints, webhooks, agents, default_agent"
      ])
    #expect(
      folder.problems("database: {}") == [
        "viva.yaml:1: database: is not a known key; "
          + "allowed: server, audio, webrtc, limits, pool, workers, ladder, answer_cache, callbacks, checkpoints, webhooks, agents, default_agent"
      ])
  }

  @Test func reportsEveryProblemInOneGo() {
    #expect(
      folder.problems(
        """
        server:
          shards: many
        audio: loud
        limits:
          sessions: [1]
          items: 0
        """) == [
          "viva.yaml:2: server.shards: many is not a whole number; allowed: 0 to 1024",
          "viva.yaml:3: audio: must have keys of its own, not a single value",
          "viva.yaml:5: limits.sessions: must be a single value, not a list",
          "viva.yaml:6: limits.items: 0 is out of range; allowed: 1 to 100000",
        ])
  }

  @Test func refusesWrongTypes() {
    #expect(
      folder.problems("server:\n  keys: abc") == [
        "viva.yaml:2: server.keys: must be a list, not a single value"
      ])
    #expect(
      folder.problems("server:\n  admin_public: yes") == [
        "viva.yaml:2: server.admin_public: yes is neither true nor false; allowed: true, false"
      ])
    #expect(folder.problems("- 1", environment: [:]).first?.hasPrefix("viva.yaml:") == true)
  }

  @Test(arguments: [
    "8080", "0.0.0.0", "viva.example:8080", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "[::1:8080",
    "::1:8080",
    "127.1:80", "127.0.0.1.example.com:80", ":8080",
  ])
  func refusesAddressesThatAreNotOnes(listen: String) {
    #expect(
      folder.problems("server:\n  listen: '\(listen)'") == [
        "viva.yaml:2: server.listen: \(listen) is not an address to listen on; "
          + "allowed: an IP address or localhost, and a port, such as 127.0.0.1:8080 or [::1]:8080"
      ])
  }

  @Test func refusesOriginsThatNoBrowserSends() {
    #expect(
      folder.problems(
        "server:\n  allowed_origins: ['*', https://a.example, http://b:81, https://a.example/, a.example]"
      )
      .map { $0.prefix { $0 != ";" } } == [
        "viva.yaml:2: server.allowed_origins[3]: https://a.example/ is not an origin",
        "viva.yaml:2: server.allowed_origins[4]: a.example is not an origin",
      ])
  }

  @Test func refusesTheSameAddressTwice() {
    #expect(
      folder.problems("server:\n  listen: 127.0.0.1:9\n  admin: 127.0.0.1:9") == [
        "viva.yaml:3: server.admin: 127.0.0.1:9 is the same address as server.listen"
      ])
  }

  @Test func neverShowsAKey() {
    #expect(
      folder.problems("server:\n  keys: [hunter2, 'with spaces in it', good-enough]") == [
        "viva.yaml:2: server.keys[0]: is not a key; allowed: 8 to 256 ASCII characters without spaces and commas",
        "viva.yaml:2: server.keys[1]: is not a key; allowed: 8 to 256 ASCII characters without spaces and commas",
      ])
  }

  @Test func refusesHalfOfTLSAndMissingFiles() {
    folder.write("cert.pem", "x")
    #expect(
      folder.problems("server:\n  tls:\n    certificate: cert.pem") == [
        "viva.yaml:2: server.tls.key: is missing"
      ])
    #expect(
      folder.problems("server:\n  tls:\n    certificate: cert.pem\n    key: none.pem") == [
        "viva.yaml:4: server.tls.key: none.pem cannot be read: No such file or directory"
      ])
  }

  @Test func namesTheAgentThatIsNotThere() {
    #expect(
      folder.problems("default_agent: butler") == [
        "viva.yaml:1: default_agent: there is no agent butler; allowed: assistant"
      ])
    #expect(
      folder.problems("agents: people")
        == ["viva.yaml:1: agents: the folder \(folder.path)/people cannot be read"]
        .map { $0.replacing("\(folder.path)/", with: "") })
    folder.write("empty/readme.txt", "")
    #expect(folder.problems("agents: empty") == ["viva.yaml:1: agents: empty has no .yaml file"])
  }

  @Test func namesTheFileThatIsNotThere() {
    #expect(
      throws: ConfigurationErrors(problems: [
        ConfigurationProblem(file: "no/viva.yaml", message: "cannot be read: No such file or directory")
      ])
    ) {
      try SettingsLoader.load(path: "no/viva.yaml", environment: [:])
    }
  }

  @Test func readsTheWholeVocabulary() throws {
    folder.write("cert.pem", "x")
    folder.write("key.pem", "x")
    let settings = try folder.load(
      """
      server:
        listen: 0.0.0.0:443
        admin: "[::]:9"
        admin_public: true
        tls: { certificate: cert.pem, key: key.pem }
        keys: [first-key, second-key]
        key_file: null
        allowed_origins: ["*"]
        max_ephemeral_keys: 12
        shards: 3
      audio: { send_ahead_ms: 250 }
      workers:
        asr:
          - { name: a, protocol: wyoming, url: "tcp://[::1]:1", model: tiny, partials: piece }
        llm:
          - name: b
            protocol: openai
            url: https://host/v1
            model: m
            api_key: secret
            deadlines: { connect_ms: 10, first_result_ms: 50, gap_ms: 60 }
            process: { command: [run, "1"], environment: { A: b }, ready_timeout_s: 7 }
        tts:
          - { name: c, protocol: wyoming, url: "tcp://host:3", voice: v }
          - { name: d, protocol: espeak }
      """)
    let server = settings.server
    #expect(server.listen == ListenAddress(host: "0.0.0.0", port: 443))
    #expect(server.admin == ListenAddress(host: "::", port: 9))
    #expect(server.adminPublic)
    #expect(server.tlsCertificate == "\(folder.path)/cert.pem")
    #expect(server.tlsKey == "\(folder.path)/key.pem")
    #expect(server.keys == ["first-key", "second-key"])
    #expect(server.keyFile == nil)
    #expect(server.allowedOrigins == ["*"])
    #expect(server.maximumEphemeralKeys == 12)
    #expect(server.shards == 3)
    #expect(settings.audio.sendAheadMilliseconds == 250)
    #expect(settings.workers.asr.map(\.partials) == [.piece])
    #expect(settings.workers.asr.map(\.model) == ["tiny"])
    let llm = try #require(settings.workers.llm.first)
    #expect(llm.apiKey == "secret")
    var deadlines = Deadlines()
    (deadlines.connect, deadlines.firstResult, deadlines.gap) = (10, 50, 60)
    #expect(llm.deadlines == deadlines)
    #expect(llm.process?.command == ["run", "1"])
    #expect(llm.process?.environment == ["A": "b"])
    #expect(llm.process?.readyTimeoutSeconds == 7)
    #expect(settings.workers.tts.map(\.name) == ["c", "d"])
    #expect(settings.workers.tts.map(\.voice) == ["v", nil])
    #expect(settings.folder == folder.path)
  }

  @Test func keepsDefaultsWhereTheFileIsSilent() throws {
    let settings = try folder.load("server:\naudio: {}\n")
    var expected = ServerSettings()
    expected.keyFile = (folder.path as NSString).deletingLastPathComponent + "/.viva/keys"
    #expect(settings.server == expected)
    #expect(settings.limits == LimitSettings())
    #expect(settings.defaultAgent == "assistant")
  }
}
