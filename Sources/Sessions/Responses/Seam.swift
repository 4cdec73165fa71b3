/// Where one model broke off and another goes on: drops the words that the second says again, and puts a space where
/// the two would run together.
///
/// A model that is asked to go on often begins with the last sentence once more. So its first words are held back for
/// as long as they are the same as some of the last ones said, case and punctuation aside.
struct Seam: Sendable {
  /// No more of what was said is compared, and so no more is held back.
  private static let longestOverlap = 64
  private static let longestTail = 2000

  /// The end of what was said, in words as they are compared.
  private let tail: [String]
  /// What was said behind its last letter.
  private let saidEnd: Substring
  private var held = ""
  /// What comes now goes through as it is.
  private(set) var isPassed: Bool

  init(after said: String) {
    let end = said.suffix(Self.longestTail)
    tail = String(end).wordsWithSpace().map(\.compared).filter { !$0.isEmpty }.suffix(Self.longestOverlap)
    saidEnd = end.behindLetters
    isPassed = said.isEmpty
  }

  /// Takes the next text; returns what is new in it, as far as that is known.
  mutating func append(_ text: String) -> String {
    guard !isPassed else { return text }
    held += text
    // A word is whole when something stands behind it.
    var words = held.wordsWithSpace()
    if words.last?.last?.isWhitespace == false { words.removeLast() }
    let compared = words.map(\.compared).filter { !$0.isEmpty }
    guard held.utf8.count > Self.longestTail || !compared.isEmpty && !mayRepeatMore(compared) else { return "" }
    return pass()
  }

  /// The text is over: what was held back of it and is new.
  mutating func finish() -> String {
    isPassed ? "" : pass()
  }

  /// Whether the words may be the beginning of a longer repetition.
  private func mayRepeatMore(_ words: [String]) -> Bool {
    guard words.count < tail.count else { return false }
    return (0..<tail.count - words.count).contains { tail[$0...].starts(with: words) }
  }

  private mutating func pass() -> String {
    isPassed = true
    defer { held = "" }
    let words = held.wordsWithSpace()
    let spoken = words.indices.filter { !words[$0].compared.isEmpty }
    let compared = spoken.map { words[$0].compared }
    let lengths = 1...max(1, min(tail.count, compared.count))
    let overlap = lengths.last { tail.suffix($0).elementsEqual(compared.prefix($0)) }
    guard let overlap, !compared.isEmpty else { return joined(held[...]) }
    let last = words[spoken[overlap - 1]]
    let rest = held[last.endIndex...]
    // A comma that the first did not come to say.
    let mark = last.behindLetters
    return mark.hasPrefix(saidEnd) ? String(mark.dropFirst(saidEnd.count) + rest) : joined(rest)
  }

  private func joined(_ text: Substring) -> String {
    if saidEnd.last?.isWhitespace == true { return String(text.drop(while: \.isWhitespace)) }
    // Where a script has no spaces, nothing runs together.
    guard let first = text.first, first.isLetter || first.isNumber, !first.isUnspaced,
      saidEnd.last.map({ ".,;:!?…".contains($0) }) ?? true
    else { return String(text) }
    return " " + text
  }
}

extension Substring {
  fileprivate var compared: String { filter { $0.isLetter || $0.isNumber }.lowercased() }

  fileprivate var behindLetters: Substring {
    lastIndex { $0.isLetter || $0.isNumber }.map { self[index(after: $0)...] } ?? self
  }
}
