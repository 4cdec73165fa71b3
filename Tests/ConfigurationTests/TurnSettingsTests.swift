import Testing
import VivaConfiguration

@Suite struct TurnSettingsTests {
  let folder = ConfigurationFolder()

  private func agent(_ yaml: String) throws -> Agent {
    folder.write("agents/assistant.yaml", yaml)
    return try #require(folder.load("").agents["assistant"])
  }

  private func problems(_ yaml: String) -> [String] {
    folder.write("agents/assistant.yaml", yaml)
    return folder.problems("")
  }

  @Test("an agent may leave the end of turns to their meaning")
  func readsSemanticVAD() throws {
    let turns = try agent("turn_detection: { type: semantic_vad, eagerness: low, prefix_padding_ms: 100 }")
      .turnDetection
    #expect(turns.kind == .semanticVAD && turns.eagerness == .low && turns.prefixPaddingMilliseconds == 100)
    #expect(try agent("").turnDetection == TurnDetectionSettings())
    #expect(TurnDetectionSettings().kind == .serverVAD && TurnDetectionSettings().eagerness == .auto)
  }

  @Test("unknown types and eagernesses are named with the choices")
  func namesTheChoices() {
    #expect(
      problems("turn_detection:\n  type: vad") == [
        "agents/assistant.yaml:2: turn_detection.type: vad is not one of the choices; "
          + "allowed: server_vad, semantic_vad"
      ])
    #expect(
      problems("turn_detection:\n  type: semantic_vad\n  eagerness: eager") == [
        "agents/assistant.yaml:3: turn_detection.eagerness: eager is not one of the choices; "
          + "allowed: low, medium, high, auto"
      ])
  }

  @Test("a setting of the other type of turn detection is a mistake")
  func refusesSettingsOfTheOtherType() {
    let message = "goes with type: semantic_vad only; for server_vad, set silence_duration_ms"
    #expect(
      problems("turn_detection:\n  eagerness: high") == [
        "agents/assistant.yaml:2: turn_detection.eagerness: \(message)"
      ])
    #expect(
      problems("turn_detection:\n  eagerness: high\n  type: server_vad") == [
        "agents/assistant.yaml:2: turn_detection.eagerness: \(message)"
      ])
    #expect(
      problems("turn_detection:\n  type: semantic_vad\n  threshold: 0.6") == [
        "agents/assistant.yaml:3: turn_detection.threshold: goes with type: server_vad only; "
          + "for semantic_vad, set eagerness"
      ])
  }

  @Test("false interruptions are configured, and their words are compared in lower case")
  func readsInterruptions() throws {
    let interruptions = try agent(
      "interruptions: { resume: false, no_words_ms: 200, backchannels: [Ja, genau] }"
    ).interruptions
    var expected = InterruptionSettings()
    (expected.resume, expected.noWordsMilliseconds) = (false, 200)
    expected.backchannels = ["ja", "genau"]
    #expect(interruptions == expected)
    #expect(try agent("interruptions: { backchannels: [] }").interruptions.backchannels.isEmpty)
    let defaults = try agent("").interruptions
    #expect(defaults.resume && defaults.noWordsMilliseconds == 2000 && defaults.backchannels.contains("mm-hmm"))
    #expect(defaults.backchannels.allSatisfy { $0 == $0.lowercased() })
  }

  @Test("mistakes in interruptions are named")
  func namesMistakesInInterruptions() {
    let many = Array(repeating: "a", count: 501).joined(separator: ", ")
    #expect(
      problems("interruptions:\n  resume: 1\n  no_words_ms: 199\n  backchannels: [a, '']") == [
        "agents/assistant.yaml:2: interruptions.resume: 1 is neither true nor false; allowed: true, false",
        "agents/assistant.yaml:3: interruptions.no_words_ms: 199 is out of range; allowed: 200 to 10000",
        "agents/assistant.yaml:4: interruptions.backchannels: has an empty entry",
      ])
    #expect(
      problems("interruptions:\n  no_words_ms: 10001\n  backchannels: [\(many)]") == [
        "agents/assistant.yaml:2: interruptions.no_words_ms: 10001 is out of range; allowed: 200 to 10000",
        "agents/assistant.yaml:3: interruptions.backchannels: has more than 500 entries",
      ])
  }

  @Test("voices have a speed", arguments: ["0.25", "1.5"])
  func readsSpeed(value: String) throws {
    #expect(try agent("speed: \(value)").speed == Double(value))
  }

  @Test("a speed outside its range is refused", arguments: ["0.24", "1.51", "nan"])
  func refusesSpeeds(value: String) {
    #expect(
      problems("speed: \(value)") == [
        "agents/assistant.yaml:1: speed: \(value) is out of range; allowed: 0.25 to 1.5"
      ])
  }

  @Test(
    "noise reduction is for a near or a far microphone, or none",
    arguments: [("near_field", "near_field"), ("far_field", "far_field"), ("none", nil), ("", nil)])
  func readsNoiseReduction(value: String, expected: String?) throws {
    #expect(try agent("noise_reduction: \(value)").noiseReduction == expected)
  }

  @Test("another noise reduction is refused")
  func refusesNoiseReduction() {
    #expect(
      problems("noise_reduction: near") == [
        "agents/assistant.yaml:1: noise_reduction: near is not one of the choices; "
          + "allowed: near_field, far_field, none"
      ])
  }
}
