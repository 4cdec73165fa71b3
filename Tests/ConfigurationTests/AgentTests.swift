import Testing
import VivaConfiguration

@Suite struct AgentTests {
  let folder = ConfigurationFolder()

  @Test func readsTheWholeVocabulary() throws {
    folder.write(
      "agents/file-name.yaml",
      """
      name: guide
      instructions: |
        First line.
        Second line.
      examples:
        - user: Hi
          assistant: Hello.
      greeting: Welcome!
      voice: v
      apology: Pardon?
      language: de-AT
      history_characters: 1000
      sampling: { temperature: 0.5, top_p: 1, max_tokens: null, stop: ["x", "y"] }
      turn_detection: { threshold: 0.25, prefix_padding_ms: 0, silence_duration_ms: 700 }
      workers: { asr: [ear], llm: [mind], tts: [mouth] }
      """)
    let agents = try folder.load("").agents
    #expect(agents.keys.sorted() == ["assistant", "guide"])
    var expected = Agent(name: "guide")
    expected.instructions = "First line.\nSecond line.\n"
    expected.examples = [ExampleTurn(user: "Hi", assistant: "Hello.")]
    expected.greeting = "Welcome!"
    expected.voice = "v"
    expected.apology = "Pardon?"
    expected.language = "de-AT"
    expected.historyCharacters = 1000
    expected.sampling.temperature = 0.5
    expected.sampling.topP = 1
    expected.sampling.maxTokens = nil
    expected.sampling.stop = ["x", "y"]
    expected.turnDetection.threshold = 0.25
    expected.turnDetection.prefixPaddingMilliseconds = 0
    expected.turnDetection.silenceDurationMilliseconds = 700
    (expected.workers.asr, expected.workers.llm, expected.workers.tts) = (["ear"], ["mind"], ["mouth"])
    #expect(agents["guide"] == expected)
  }

  @Test func problemsNameTheAgentsOwnFile() {
    folder.write(
      "agents/odd.yaml",
      """
      instructions: [a]
      examples:
        - user: Hi
      language: Deutsch!
      sampling: { temperature: 3, top_p: nan, max_tokens: 0 }
      turn_detection:
        silence_duration_ms: 99
      workers:
        llm: [mnd]
        tts: [mouth, mouth]
      greetings: Hi
      """)
    #expect(
      folder.problems("") == [
        "agents/odd.yaml:1: instructions: must be a single value, not a list",
        "agents/odd.yaml:3: examples[0].assistant: is missing",
        "agents/odd.yaml:4: language: Deutsch! is not a language tag; allowed: a BCP-47 tag such as en or de-AT",
        "agents/odd.yaml:5: sampling.temperature: 3 is out of range; allowed: 0.0 to 2.0",
        "agents/odd.yaml:5: sampling.top_p: nan is out of range; allowed: 0.0 to 1.0",
        "agents/odd.yaml:5: sampling.max_tokens: 0 is out of range; allowed: 1 to 4096",
        "agents/odd.yaml:7: turn_detection.silence_duration_ms: 99 is out of range; allowed: 100 to 10000",
        "agents/odd.yaml:9: workers.llm[0]: there is no llm worker mnd; did you mean mind?; allowed: mind",
        "agents/odd.yaml:10: workers.tts[1]: mouth is named twice",
        "agents/odd.yaml:11: greetings: is not a known key; did you mean greeting?; allowed: name, instructions, "
          + "examples, greeting, voice, speed, apology, questions, language, history_characters, sampling, "
          + "turn_detection, interruptions, noise_reduction, tools, workers",
      ])
  }

  @Test func namesAreUniqueAndFitForAURL() {
    folder.write("agents/butler.yaml", "name: assistant")
    folder.write("agents/two words.yaml", "")
    #expect(
      folder.problems("") == [
        "agents/butler.yaml:1: name: there is already an agent assistant",
        "agents/two words.yaml:1: name: the file's name two words cannot be the agent's; allowed: 1 to 64 letters, "
          + "digits, '.', '_' and '-', beginning with a letter or digit",
      ])
  }

  @Test func otherFilesInTheFolderDoNotCount() throws {
    folder.write("agents/notes.txt", "hello")
    folder.write("agents/.assistant.yaml", "broken: [")
    #expect(try folder.load("").agents.count == 1)
  }
}
