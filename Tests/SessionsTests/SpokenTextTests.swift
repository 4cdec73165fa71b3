import Testing

@testable import Sessions

@Suite("Spoken text")
struct SpokenTextTests {
  private func voice(milliseconds: Int) -> [Int16] { Array(repeating: 5000, count: milliseconds * 24) }
  private func silence(milliseconds: Int) -> [Int16] { Array(repeating: 0, count: milliseconds * 24) }

  private func spoken() -> SpokenText {
    var spoken = SpokenText()
    spoken.begin(clause: "One two three four. ")
    spoken.append(audio: silence(milliseconds: 200) + voice(milliseconds: 1000) + silence(milliseconds: 200))
    spoken.endClause()
    spoken.begin(clause: "Five six.")
    spoken.append(audio: voice(milliseconds: 600))
    spoken.endClause()
    return spoken
  }

  @Test("is exact at the ends of sentences")
  func sentences() {
    let spoken = spoken()
    #expect(spoken.milliseconds == 2000)
    #expect(spoken.heard(at: 0) == "")
    #expect(spoken.heard(at: 1400 * 24) == "One two three four.")
    #expect(spoken.heard(at: 2000 * 24) == "One two three four. Five six.")
  }

  @Test("takes no words for silence")
  func silence() {
    let spoken = spoken()
    #expect(spoken.heard(at: 190 * 24) == "")
    #expect(spoken.heard(at: 1200 * 24) == "One two three four.")
    #expect(spoken.heard(at: 700 * 24) == "One two")
  }

  @Test("counts a clause without audio as heard once the one before was")
  func failedClause() {
    var spoken = SpokenText()
    spoken.begin(clause: "Heard. ")
    spoken.append(audio: voice(milliseconds: 500))
    spoken.endClause()
    spoken.begin(clause: "Shown only.")
    spoken.endClause()
    #expect(spoken.heard(at: 250 * 24) == "")
    #expect(spoken.heard(at: 500 * 24) == "Heard. Shown only.")
  }

  @Test("does not count a clause whose audio is still to come")
  func unfinishedClause() {
    var spoken = SpokenText()
    spoken.begin(clause: "Heard. ")
    spoken.append(audio: voice(milliseconds: 500))
    spoken.endClause()
    spoken.begin(clause: "These are fifteen words or so, of which a second at the most was made.")
    #expect(spoken.heard(at: 500 * 24) == "Heard.")
    spoken.append(audio: voice(milliseconds: 500))
    #expect(spoken.heard(at: 1000 * 24) == "Heard. These")
  }

  @Test("grows with the position, word by word")
  func monotonic() {
    let spoken = spoken()
    var last = ""
    for position in stride(from: 0, through: spoken.samples, by: 240) {
      let heard = spoken.heard(at: position)
      #expect(heard.hasPrefix(last))
      last = heard
    }
  }
}

@Suite("Stable transcript")
struct StableTranscriptTests {
  @Test("gives out words that two partials agree on, and the rest at the end")
  func agreement() {
    var stable = StableTranscript()
    #expect(stable.partial("I like") == "")
    #expect(stable.partial("I like working in") == "I like")
    #expect(stable.partial("I like working in small") == " working in")
    #expect(stable.final("I like working in small teams.") == " small teams.")
  }

  @Test("takes nothing back: a revision waits for the final text")
  func revision() {
    var stable = StableTranscript()
    _ = stable.partial("a b c")
    #expect(stable.partial("a b c d") == "a b c")
    #expect(stable.partial("a x") == "")
    #expect(stable.final("a x y") == "")
  }
}
