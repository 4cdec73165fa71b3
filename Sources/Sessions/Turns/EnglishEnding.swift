/// What the last words of an English utterance promise. Words are in lower case and without punctuation.
struct EnglishEnding {
  let words: [String]
  let last: String

  /// Hesitates aloud.
  var isFiller: Bool {
    Self.fillers.contains(last) || words.count > 1 && Self.fillerPairs.contains(lastPair)
  }

  /// Cannot be the end of a sentence: what the last word leads to is missing.
  var isDangling: Bool {
    if Self.leadingWords.contains(last) { return true }
    // "Yes, I am." against "I am"
    if Self.auxiliaries.contains(last) { return !(words.count < 6 && Self.answers.contains(words[0])) }
    if last == "that" { return words.count > 1 && Self.verbsOfThought.contains(words[words.count - 2]) }
    // "I think so." against "so"
    if last == "so" { return words.count < 2 || !Self.verbsOfThought.contains(words[words.count - 2]) }
    return false
  }

  /// Leads in, and is hardly all there is to say: "Well, I think"
  var isOpenEnded: Bool {
    Self.particles.contains(last) || Self.verbsOfThought.contains(last) && !words.contains("don't")
      || Self.openings.contains(words.joined(separator: " "))
  }

  var isShortAnswer: Bool {
    if words.count <= 4, words.allSatisfy({ Self.numbers.contains($0) || $0.allSatisfy(\.isNumber) }) {
      return spokenDigits < 3
    }
    guard words.count <= 4, Self.answers.contains(words[0]) else { return Self.wholeAnswers.contains(lastThree) }
    return words.dropFirst().allSatisfy { Self.answers.contains($0) || Self.afterAnswers.contains($0) }
  }

  /// Digits are being dictated, in groups of three as a rule.
  var isDictatedNumber: Bool { spokenDigits == 3 || spokenDigits == 6 || hasWholeNumber }

  /// As many digits as a telephone number has.
  var hasWholeNumber: Bool { spokenDigits == 7 || spokenDigits >= 10 }

  /// Digits at the end, one a word ("five five") or several ("555").
  private var spokenDigits: Int {
    words.reversed().prefix { Self.digits.contains($0) || $0.allSatisfy(\.isNumber) }
      .reduce(0) { $0 + ($1.allSatisfy(\.isNumber) ? $1.count : 1) }
  }

  private var lastPair: String { words.suffix(2).joined(separator: " ") }
  private var lastThree: String { words.suffix(3).joined(separator: " ") }

  private static let fillers: Set = [
    "um", "uh", "er", "erm", "uhm", "hmm", "hm", "mm", "ah", "eh", "umm", "uhh",
  ]
  private static let fillerPairs: Set = ["i mean", "you know", "let's see", "kind of", "sort of"]
  /// Conjunctions, articles, possessives, prepositions that nothing strands, and pronouns that only begin.
  private static let leadingWords: Set = [
    "and", "or", "but", "because", "cause", "although", "though", "if", "unless", "until", "while", "when", "where",
    "whether", "than", "as", "since", "which", "who", "whose", "the", "a", "an", "my", "your", "our", "their", "its",
    "of", "to", "from", "for", "with", "at", "by", "into", "about", "between", "during", "without", "per", "i", "we",
    "they", "he", "she", "i'm", "i've", "i'd", "i'll", "we're", "we've", "we'll", "they're", "it's", "that's",
    "there's",
    "he's", "she's", "you're", "let's", "very", "every", "some", "these", "those", "like", "double", "triple",
  ]
  private static let auxiliaries: Set = [
    "am", "is", "are", "was", "were", "have", "has", "had", "will", "would", "could", "should", "can", "may", "might",
    "must", "isn't", "aren't", "wasn't", "won't", "wouldn't", "couldn't", "shouldn't", "can't", "haven't", "hasn't",
    "want", "need", "wanted",
  ]
  private static let verbsOfThought: Set = [
    "think", "guess", "hope", "suppose", "believe", "know", "say", "said", "mean", "feel", "sure", "afraid",
  ]
  /// Prepositions that also end phrases: "I live in", "please come in".
  private static let particles: Set = [
    "in", "on", "out", "up", "over", "after", "before", "through", "around", "actually", "basically", "then",
  ]
  /// All that was said, when it is only the way into it.
  private static let openings: Set = [
    "so", "well", "oh", "ok so", "okay so", "first", "the thing is", "my question is", "let me think", "let me see",
    "one moment",
    "wait", "hold on", "i was wondering", "my number", "my name",
  ]
  private static let answers: Set = [
    "yes", "no", "yeah", "yep", "nope", "yup", "ok", "okay", "sure", "right", "correct", "exactly", "thanks", "thank",
    "please", "hello", "hi", "hey", "bye", "goodbye", "great", "perfect", "good", "fine", "maybe", "never", "nothing",
    "absolutely", "definitely", "stop", "sorry", "cool",
  ]
  private static let afterAnswers: Set = [
    "thank", "thanks", "you", "please", "it", "is", "i", "do", "am", "that's", "right", "so", "much", "very", "all",
    "of", "course", "not", "sir", "there", "morning", "afternoon", "evening", "idea",
  ]
  private static let wholeAnswers: Set = [
    "of course", "not really", "i don't know", "not at all", "that's all", "that is all", "that's it", "i think so",
    "not yet", "never mind", "no idea", "two of them", "both of them", "that's right",
  ]
  private static let digits: Set = [
    "zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
  ]
  private static let numbers: Set = digits.subtracting(["oh"]).union([
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand", "half", "past",
    "quarter", "o'clock", "am", "pm",
  ])
}
