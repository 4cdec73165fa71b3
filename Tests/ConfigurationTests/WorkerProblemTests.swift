import Testing
import VivaConfiguration

@Suite struct WorkerProblemTests {
  let folder = ConfigurationFolder()

  private func asr(_ entry: String) -> String {
    """
    workers:
      llm: [{ name: mind, protocol: openai, url: "http://127.0.0.1:2/v1" }]
      tts: [{ name: mouth, protocol: espeak }]
      asr:
        - \(entry)
    """
  }

  @Test func eachKindIsNeeded() {
    #expect(
      folder.problems("workers:\n  asr: []\n") == [
        "viva.yaml:2: workers.asr: needs at least one worker",
        "viva.yaml:1: workers.llm: is missing",
        "viva.yaml:1: workers.tts: is missing",
      ])
    folder.write("bare.yaml", "")
    #expect(throws: ConfigurationErrors.self) {
      try SettingsLoader.load(path: "\(folder.path)/bare.yaml", environment: [:])
    }
  }

  @Test func saysWhichPartOfAWorkerIsMissing() {
    #expect(
      folder.problems(asr("partials: whole")) == [
        "viva.yaml:5: workers.asr[0].name: is missing",
        "viva.yaml:5: workers.asr[0].protocol: is missing",
        "viva.yaml:5: workers.asr[0].url: is missing",
      ])
  }

  @Test func offersTheProtocolsOfTheKind() {
    #expect(
      folder.problems(asr("{ name: a, protocol: espeak, url: 'http://h/v1' }")) == [
        "viva.yaml:5: workers.asr[0].protocol: espeak is not one of the choices; allowed: wyoming, openai"
      ])
    #expect(
      folder.problems(asr("{ name: a, protocol: wyoming, url: 'tcp://h:1', partials: all }")) == [
        "viva.yaml:5: workers.asr[0].partials: all is not one of the choices; allowed: auto, whole, piece, none"
      ])
  }

  @Test(arguments: [
    "h:1", "tcp://h", "tcp://:1", "tcp://h:0", "tcp://h:65536", "tcp://h:1/path", "http://h:1",
    "tcp://u:p@h:1", "tcp://h:1?x",
    "tcp://h:1 ", "''",
  ])
  func refusesWyomingAddresses(url: String) {
    #expect(
      folder.problems(asr("{ name: a, protocol: wyoming, url: \"\(url)\" }")) == [
        "viva.yaml:5: workers.asr[0].url: is not an address of a worker; allowed: tcp://HOST:PORT"
      ])
  }

  @Test(arguments: ["tcp://h:1", "https://", "h/v1", "https://key@h/v1", "https://h/v1?key=1", "ftp://h/"])
  func refusesOpenAIAddresses(url: String) {
    let yaml = ConfigurationFolder.workers.replacing("http://127.0.0.1:2/v1", with: url)
    #expect(
      folder.problems(yaml) == [
        "viva.yaml:3: workers.llm[0].url: is not an address of a worker; "
          + "allowed: http://HOST:PORT/v1 or https://HOST/v1"
      ])
  }

  @Test func namesAreUniqueOverAllKinds() {
    #expect(
      folder.problems(asr("{ name: mind, protocol: wyoming, url: 'tcp://h:1' }")) == [
        "viva.yaml:2: workers.llm[0].name: there is already a worker mind"
      ])
    #expect(
      folder.problems(asr("{ name: ../x, protocol: wyoming, url: 'tcp://h:1' }")) == [
        "viva.yaml:5: workers.asr[0].name: ../x is not a name; allowed: 1 to 64 letters, digits, '.', '_' and '-', "
          + "beginning with a letter or digit"
      ])
  }

  @Test func deadlinesHaveRanges() {
    #expect(
      folder.problems(
        asr(
          "{ name: a, protocol: wyoming, url: 'tcp://h:1', deadlines: { connect_ms: 5, first_result_ms: 1s, gap: 3 } }"
        )
      ) == [
        "viva.yaml:5: workers.asr[0].deadlines.connect_ms: 5 is out of range; allowed: 10 to 60000",
        "viva.yaml:5: workers.asr[0].deadlines.first_result_ms: 1s is not a whole number; allowed: 50 to 300000",
        "viva.yaml:5: workers.asr[0].deadlines.gap: is not a known key; did you mean gap_ms?; "
          + "allowed: connect_ms, first_result_ms, gap_ms",
      ])
  }

  @Test func aProcessNeedsACommand() {
    #expect(
      folder.problems(
        asr("{ name: a, protocol: wyoming, url: 'tcp://h:1', process: { ready_timeout_s: 0 } }")) == [
          "viva.yaml:5: workers.asr[0].process.command: is missing",
          "viva.yaml:5: workers.asr[0].process.ready_timeout_s: 0 is out of range; allowed: 1 to 3600",
        ])
    #expect(
      folder.problems(asr("{ name: a, protocol: wyoming, url: 'tcp://h:1', process: { command: [] } }")) == [
        "viva.yaml:5: workers.asr[0].process.command: has no program; allowed: [PROGRAM, ARGUMENT, ...]"
      ])
  }

  @Test func settingsOfAnotherKindAreUnknown() {
    #expect(
      folder.problems(asr("{ name: a, protocol: wyoming, url: 'tcp://h:1', voice: v }")) == [
        "viva.yaml:5: workers.asr[0].voice: is not a known key; "
          + "allowed: name, protocol, model, partials, deadlines, weight, breaker, slots, cancel_latency_ms, memory_mb, device, "
          + "instances, url, process"
      ])
    #expect(
      folder.problems(
        ConfigurationFolder.workers.replacing("protocol: espeak", with: "protocol: espeak, url: 'tcp://h:1'"))
        == [
          "viva.yaml:4: workers.tts[0].url: does not go with espeak, which is a command run for each sentence"
        ])
  }
}
