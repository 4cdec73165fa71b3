import Testing

@testable import Sessions

@Suite("Clause splitter")
struct ClauseSplitterTests {
  /// Feeds `text` in pieces of `size` characters.
  private func split(_ text: String, pieces size: Int = 3) -> [String] {
    var splitter = ClauseSplitter()
    var clauses: [String] = []
    var rest = Substring(text)
    while !rest.isEmpty {
      clauses += splitter.append(String(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    return clauses + [splitter.finish()].compactMap { $0 }
  }

  @Test("cuts at the end of sentences")
  func sentences() {
    #expect(split("I see. What then? Good!") == ["I see. ", "What then? ", "Good!"])
  }

  @Test("lets only the first clause end at a comma")
  func firstClause() {
    #expect(
      split("That is a good question, and here is why, in short. Well, yes, indeed.")
        == ["That is a good question, ", "and here is why, in short. ", "Well, yes, indeed."])
  }

  @Test("does not start with a clause of a word or two")
  func shortStart() {
    #expect(split("Yes, I can do that today.") == ["Yes, I can do that today."])
  }

  @Test(
    "knows what does not end a sentence",
    arguments: [
      "Dr. Smith said so.", "It costs 3.5 euros today.", "See e.g. the manual.", "J. Bach wrote it.",
    ])
  func abbreviations(text: String) {
    #expect(split(text) == [text])
  }

  @Test("cuts a sentence without end at a space")
  func endless() {
    let text = String(repeating: "word ", count: 100)
    let clauses = split(text)
    #expect(clauses.allSatisfy { $0.count <= ClauseSplitter.longestClause && $0.hasSuffix(" ") })
    #expect(clauses.joined() == text)
  }

  @Test("joins to the text, however it came in", arguments: 1...9)
  func lossless(size: Int) {
    let text =
      "Hello there, you.  How's it going?\n1. One thing… (Really.) \"Yes!\" he said: fine — go on 3.14 etc. End"
    #expect(split(text, pieces: size).joined() == text)
    #expect(split(text, pieces: size) == split(text, pieces: 100))
  }

  @Test("speaks words, not mark-up")
  func speakable() {
    #expect(SpeakableText.from("**Well**, `x` is\n ok 👍 ") == "Well, x is ok")
    #expect(SpeakableText.from(" — … 🎉 ") == nil)
  }
}
