import Testing

@testable import VivaConfiguration

@Suite struct EnvironmentReferenceTests {
  let folder = ConfigurationFolder()

  @Test(
    arguments: [
      ("plain", .text("plain")), ("${A}", .text("one")), ("<${A}${B}>", .text("<onetwo>")),
      ("$A $ $$", .text("$A $ $$")),
      ("${NO:-default}", .text("default")), ("${EMPTY:-default}", .text("default")), ("${EMPTY}", .text("")),
      ("${A:-default}", .text("one")), ("${NO:-}", .text("")), ("$${A}", .text("${A}")),
      ("${NO}", .unset("NO")),
      ("${", .malformed), ("${A", .malformed), ("${}", .malformed), ("${1A}", .malformed),
      ("${A-b}", .malformed),
      ("${A B}", .malformed),
    ] as [(String, EnvironmentReferences.Expansion)])
  func expands(text: String, expected: EnvironmentReferences.Expansion) {
    #expect(EnvironmentReferences.expand(text, from: ["A": "one", "B": "two", "EMPTY": ""]) == expected)
  }

  @Test func whatAVariableHoldsIsNotExpandedAgain() {
    #expect(EnvironmentReferences.expand("${A}", from: ["A": "${B}", "B": "no"]) == .text("${B}"))
  }

  @Test func expansionIsBounded() {
    let text = String(repeating: "${A}", count: 100)
    #expect(
      EnvironmentReferences.expand(text, from: ["A": String(repeating: "x", count: 20_000)]) == .tooLong)
  }

  @Test func numbersComeFromTheEnvironmentToo() throws {
    let yaml = "limits: { sessions: \"${N:-7}\" }"
    #expect(try folder.load(yaml).limits.sessions == 7)
    #expect(try folder.load(yaml, environment: ["N": "8"]).limits.sessions == 8)
  }

  @Test func anUnsetVariableIsNamed() {
    #expect(
      folder.problems("default_agent: ${WHO}") == [
        """
        viva.yaml:1: default_agent: the environment variable WHO is not set; set it, or give a default: \
        ${WHO:-default}
        """
      ])
    #expect(
      folder.problems("default_agent: ${WHO") == [
        "viva.yaml:1: default_agent: has a malformed reference to the environment; write $${ for a plain ${; "
          + "allowed: ${NAME} or ${NAME:-default}"
      ])
  }

  @Test func anUnsetServerKeyIsLeftOut() throws {
    let yaml = "server: { keys: ['${K}', '${EMPTY}', literal-key] }"
    #expect(try folder.load(yaml, environment: ["EMPTY": ""]).server.keys == ["literal-key"])
    #expect(
      try folder.load(yaml, environment: ["K": "from-outside"]).server.keys == [
        "from-outside", "literal-key",
      ])
  }

  @Test func theEnvironmentIsNeverPrinted() {
    let problems = folder.problems("limits: { sessions: '${SECRET}' }", environment: ["SECRET": "hunter2"])
    #expect(
      problems == ["viva.yaml:1: limits.sessions: ${SECRET} is not a whole number; allowed: 1 to 1000000"])
  }
}
