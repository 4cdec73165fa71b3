import Foundation
import Testing

@testable import VivaConfiguration

/// Whatever the files hold, loading ends with settings or with problems: soon, and without a crash.
@Suite struct HostileFileTests {
  let folder = ConfigurationFolder()

  @Test func namesTheLineThatIsNotYAML() {
    #expect(
      folder.problems("server:\n  keys: [a\naudio: {}\n").first?.hasPrefix("viva.yaml:3: is not valid YAML: ")
        == true)
    #expect(
      folder.problems("server:\n\tkeys: []").first?.hasPrefix("viva.yaml:2: is not valid YAML: ") == true)
    #expect(folder.problems("a: 1\nb: \u{1}").first?.hasPrefix("viva.yaml:2: is not valid YAML: ") == true)
  }

  @Test func refusesAKeyGivenTwice() {
    #expect(folder.problems("audio: {}\naudio: {}") == ["viva.yaml:1: audio is given more than once"])
  }

  @Test func refusesASecondDocument() {
    #expect(folder.problems("audio: {}\n---\naudio: {}").count == 1)
  }

  @Test func refusesAliasesBeforeTheyMultiply() {
    var bomb = "a0: &a0 [x, x]\n"
    for level in 1...60 { bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    bomb += "? *a60\n: 1\n"
    #expect(folder.problems(bomb) == ["viva.yaml:2: YAML aliases are not supported; repeat the value"])
    #expect(folder.problems("a: &a [*a]").count == 1)
    #expect(folder.problems("a: *nowhere").first?.contains("is not valid YAML") == true)
  }

  @Test func textThatLooksLikeAliasesIsText() throws {
    folder.write("agents/assistant.yaml", "instructions: Salt & pepper, *never* R&D; 3 *x, 4&x, 5*x.\n")
    #expect(try folder.load("").agents["assistant"]?.instructions.contains("*never*") == true)
  }

  @Test func refusesHugeFiles() {
    folder.write("viva.yaml", String(repeating: "# padding\n", count: 200_000))
    #expect(
      throws: ConfigurationErrors(problems: [
        ConfigurationProblem(file: "\(folder.path)/viva.yaml", message: "is larger than 1048576 bytes")
      ])
    ) {
      try SettingsLoader.load(path: "\(folder.path)/viva.yaml", environment: [:])
    }
  }

  @Test func refusesWhatIsNoFileAtAll() {
    for (path, message) in [
      ("/dev/zero", "is not a regular file"), (folder.path, "is not a regular file"),
    ] {
      #expect(throws: ConfigurationErrors(problems: [ConfigurationProblem(file: path, message: message)])) {
        try SettingsLoader.load(path: path, environment: [:])
      }
    }
  }

  @Test func refusesBinaryFiles() {
    folder.write("viva.yaml", Data((0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 131) }))
    #expect(throws: ConfigurationErrors.self) {
      try SettingsLoader.load(path: "\(folder.path)/viva.yaml", environment: [:])
    }
  }

  @Test func acceptsWindowsFiles() throws {
    let yaml = "\u{FEFF}audio:\n  send_ahead_ms: 300\n\(ConfigurationFolder.workers)\n"
    #expect(try folder.load(yaml.replacing("\n", with: "\r\n")).audio.sendAheadMilliseconds == 300)
  }

  @Test(arguments: ["[", "{a: ", "- ", "? ", "[{", "!!x "])
  func survivesDeepNesting(opener: String) {
    #expect(!folder.problems(String(repeating: opener, count: 100_000)).isEmpty)
    #expect(!folder.problems(String(repeating: opener, count: 900)).isEmpty)
  }

  @Test func reportsAtMostAHundredProblems() {
    let keys = (0..<10_000).map { "key\($0): 1" }.joined(separator: "\n")
    #expect(folder.problems(keys).count == 100)
  }

  @Test func controlCharactersDoNotReachTheTerminal() {
    let problems = folder.problems(#""\e[31mred\nline\u202E": 1"#)
    #expect(problems.first?.hasPrefix("viva.yaml:1: ?[31mred?line?: is not a known key") == true)
  }

  @Test(arguments: 0..<UInt64(8))
  func survivesMutations(seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    let shipped = try Data(contentsOf: ShippedConfiguration.path("viva.yaml"))
    let agent = try Data(contentsOf: ShippedConfiguration.path("agents/assistant.yaml"))
    var loaded = 0
    for _ in 0..<150 {
      folder.write("viva.yaml", mutated(shipped, with: &random))
      folder.write("agents/assistant.yaml", mutated(agent, with: &random))
      do throws(ConfigurationErrors) {
        _ = try SettingsLoader.load(path: "\(folder.path)/viva.yaml", environment: [:])
        loaded += 1
      } catch {
        #expect(!error.problems.isEmpty)
        #expect(error.problems.allSatisfy { !$0.description.contains("\n") })
      }
    }
    #expect(loaded < 150)
  }

  private func mutated(_ original: Data, with random: inout SplitMix64) -> Data {
    var bytes = Array(original)
    let tokens = [
      "&a ", "*a ", "[", "]", "{", "}", ": ", "\n", "- ", "? ", "|\n", "!!", "${", "\"", "'", "#", "\u{0}",
      "é", "~",
    ]
    for _ in 0..<Int.random(in: 0...6, using: &random) where !bytes.isEmpty {
      let at = Int.random(in: 0..<bytes.count, using: &random)
      let end = min(bytes.count, at + Int.random(in: 0...40, using: &random))
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes.removeSubrange(at..<end)
      case 2: bytes.insert(contentsOf: bytes[at..<end], at: at)
      case 3: bytes.insert(contentsOf: Array(tokens.randomElement(using: &random)!.utf8), at: at)
      default: bytes.removeSubrange(at...)
      }
    }
    return Data(bytes)
  }
}

/// Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (2014).
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
