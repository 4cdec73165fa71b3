import Testing

@testable import Sessions

@Suite("The seam between two models' words")
struct SeamTests {
  /// What a client reads: what was said, and what came of the continuation, in pieces of so many characters.
  private func joined(_ said: String, _ continuation: String, pieces size: Int = 3) -> String {
    var seam = Seam(after: said)
    var text = said
    var rest = Substring(continuation)
    while !rest.isEmpty {
      text += seam.append(String(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    return text + seam.finish()
  }

  @Test("lets through what is new, with a space where words would run together", arguments: [1, 3, 100])
  func new(size: Int) {
    #expect(joined("Once upon a time", "there was a ship.", pieces: size) == "Once upon a time there was a ship.")
    #expect(joined("Once upon a time ", " there was a ship.", pieces: size) == "Once upon a time there was a ship.")
    #expect(joined("It sank.", "The captain swam.", pieces: size) == "It sank. The captain swam.")
    #expect(joined("It sank", ", alas.", pieces: size) == "It sank, alas.")
  }

  @Test("drops what is said again, case and punctuation aside", arguments: [1, 3, 100])
  func repeated(size: Int) {
    #expect(
      joined("The sea was blue. The ship was", "The ship was old, too.", pieces: size)
        == "The sea was blue. The ship was old, too.")
    #expect(joined("There was a ship ", "…a ship that sank.", pieces: size) == "There was a ship that sank.")
    #expect(joined("the old ship", "The old ship, alas, sank.", pieces: size) == "the old ship, alas, sank.")
    #expect(joined("one two three", "One two three", pieces: size) == "one two three")
    #expect(joined("one two one two ", "one two three", pieces: size) == "one two one two three")
  }

  @Test("keeps what only begins like something that was said")
  func likeness() {
    #expect(joined("The ship sank and", "the ship rose.") == "The ship sank and the ship rose.")
    #expect(joined("a b c d", "b c e") == "a b c d b c e")
  }

  @Test("works where words have no spaces between them")
  func unspaced() {
    #expect(joined("今天天气", "天气很好。") == "今天天气很好。")
    #expect(joined("今天天气", "很好。") == "今天天气很好。")
  }

  @Test("holds back no more than was compared, whatever comes")
  func bounded() {
    var seam = Seam(after: String(repeating: "all work ", count: 1000))
    var out = ""
    for _ in 0..<1000 { out += seam.append("all work ") }
    #expect(seam.isPassed && out.count > 8000)
    var dashes = Seam(after: "so")
    for _ in 0..<3000 { _ = dashes.append("-") }
    #expect(dashes.isPassed)
  }

  @Test("after nothing is none")
  func nothing() {
    #expect(joined("", "there") == "there")
  }
}
