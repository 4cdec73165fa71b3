import Testing

@testable import Sessions

@Suite struct EndOfTurnPolicyTests {
  private let eager = EndOfTurnPolicy.Eagerness.allCases

  @Test("a speaker who is surely done waits less than under server_vad", arguments: EndOfTurnPolicy.Eagerness.allCases)
  func sureOfTheEnd(eagerness: EndOfTurnPolicy.Eagerness) {
    let policy = EndOfTurnPolicy(eagerness: eagerness)
    let wait = policy.silence(probability: 0.98, transcript: "What is the capital of France?")
    #expect(wait >= 250)
    #expect(wait <= (eagerness == .low ? 400 : 300))
  }

  @Test("a speaker who surely goes on has the cap of the eagerness")
  func sureOfMore() {
    let caps = eager.map {
      EndOfTurnPolicy(eagerness: $0).silence(probability: 0.02, transcript: "I was looking for the")
    }
    #expect(caps == [8000, 4000, 2000])
  }

  @Test("without model and words the wait is a plain detector's")
  func noEvidence() {
    for transcript in [nil, "", "  ", "..."] {
      let waits = eager.map { EndOfTurnPolicy(eagerness: $0).silence(probability: nil, transcript: transcript) }
      #expect(waits == [700, 600, 500])
    }
  }

  @Test("words alone shorten and lengthen the wait", arguments: EndOfTurnPolicy.Eagerness.allCases)
  func wordsAlone(eagerness: EndOfTurnPolicy.Eagerness) {
    let policy = EndOfTurnPolicy(eagerness: eagerness)
    let unsure = policy.silence(probability: nil, transcript: nil)
    #expect(policy.silence(probability: nil, transcript: "No, thanks.") < unsure)
    #expect(policy.silence(probability: nil, transcript: "I would like a table and") > 2 * unsure)
  }

  @Test("the wait shrinks as the model grows sure, whatever the words")
  func monotonic() {
    for eagerness in eager {
      let policy = EndOfTurnPolicy(eagerness: eagerness)
      for transcript in [nil, "Yes.", "I live here.", "and the"] {
        let waits = (0...100).map { policy.silence(probability: Double($0) / 100, transcript: transcript) }
        #expect(zip(waits, waits.dropFirst()).allSatisfy { $0 >= $1 })
        #expect((waits.max() ?? 0) > (waits.min() ?? 0))
      }
    }
  }

  @Test("no number from a worker leads out of the bounds")
  func hostileProbability() {
    for eagerness in eager {
      let policy = EndOfTurnPolicy(eagerness: eagerness)
      let hostile: [Double] = [-1, 0, 1, 2, .nan, .infinity, -.infinity]
      for probability in hostile {
        let wait = policy.silence(probability: probability, transcript: "Yes.")
        #expect((250...8000).contains(wait))
      }
    }
  }
}

@Suite struct TurnTextTests {
  private func completeness(_ text: String, _ language: String? = nil) -> TurnText.Completeness {
    TurnText(text, language: language).completeness
  }

  @Test(
    "words that lead to more are incomplete, whatever the recogniser puts after them",
    arguments: [
      "I was", "I would like to book a table and", "because", "I live at the", "My name is.", "Um.", "So um",
      "I want to go to", "Well, I think that.", "it's like", "The flight from", "I'm", "and then I mean",
      "I was wondering…", "I was wondering...", "On Monday,", "The first one -", "The address is:",
    ])
  func incomplete(text: String) {
    #expect(completeness(text) == .incomplete)
  }

  @Test(
    "questions and short answers are complete",
    arguments: [
      "Yes", "Yes.", "no thanks", "No, thank you.", "Okay", "Yes, I do.", "Yes, it is.", "I don't know.", "Of course.",
      "What is it like?", "Where are you from?", "Forty two.", "25", "Half past seven", "Ten am", "I think so.",
      "Really, is that what you want to look for?\"",
    ])
  func answers(text: String) {
    #expect(completeness(text) == .answer)
  }

  @Test(
    "a full stop after a clause is a sentence",
    arguments: [
      "I do not like reading.", "I want that.", "Please turn the light off.", "My number is 555 123 4567.",
      "It was two five five one two three four", "That's what I said yesterday!",
    ])
  func sentences(text: String) {
    #expect(completeness(text) == .sentence)
  }

  @Test(
    "openings and the first digits of a number leave it open",
    arguments: [
      "Well, I think.", "Let me think.", "My number is five five five", "My number is 555.", "It is 555 123.",
      "I live in.",
    ])
  func openEnded(text: String) {
    #expect(completeness(text) == .openEnded)
  }

  @Test("nothing said, or nothing known, is unknown", arguments: ["", " \n", "...", "the weather in Paris", "🙂", "'"])
  func unknown(text: String) {
    #expect(completeness(text) == .unknown)
  }

  @Test("in other languages only punctuation is read")
  func otherLanguages() {
    #expect(completeness("Ich war in", "de") == .unknown)
    #expect(completeness("Das ist die", "de-DE") == .unknown)
    #expect(completeness("Wo bist du?", "de") == .answer)
    #expect(completeness("¿Qué hora es? ", "es") == .answer)
    #expect(completeness("今日は元気です。", "ja") == .sentence)
    #expect(completeness("Also,", "de") == .incomplete)
    #expect(completeness("I was", "en-GB") == .incomplete)
  }

  @Test("any text has an answer, in little time")
  func hostileText() {
    var random = SeededLetters(state: 7)
    for _ in 0..<500 { _ = completeness(random.text()) }
    #expect(completeness(String(repeating: "and ", count: 100_000)) == .incomplete)
    #expect(completeness(String(repeating: "9", count: 100_000)) == .sentence)
  }
}

private struct SeededLetters {
  var state: UInt64

  mutating func text() -> String {
    let letters = Array("abc xyz.,?!…-'’\"5 9\u{301}\u{200d}👩‍👩‍👧 的。")
    return String((0..<Int(next() % 40)).map { _ in letters[Int(next() % UInt64(letters.count))] })
  }

  private mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
}
