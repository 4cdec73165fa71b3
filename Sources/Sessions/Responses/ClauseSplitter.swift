/// Cuts the text of a language model, as it streams in, into pieces worth speaking by themselves.
///
/// The first piece may end at a comma, so that the voice starts early; later ones are whole sentences, so
/// that the prosody is right. The pieces joined are the text, whitespace included.
struct ClauseSplitter {
  /// A sentence longer than this many characters is cut at its last space.
  static let longestClause = 240
  /// A first clause shorter than this many characters is not worth a voice of its own.
  static let shortestFirstClause = 16
  /// The same for a script in which a character is a syllable or a word.
  static let shortestUnspacedFirstClause = 6

  private var pending = ""
  private var isFirst: Bool

  /// - Parameter cutsFirstClauseShort: whether the first piece may end at a comma.
  init(cutsFirstClauseShort: Bool = true) {
    isFirst = cutsFirstClauseShort
  }

  /// Takes the next text; returns the clauses that are complete now.
  mutating func append(_ text: String) -> [String] {
    pending += text
    var clauses: [String] = []
    while let end = boundary() {
      clauses.append(String(pending[..<end]))
      pending = String(pending[end...])
      isFirst = false
    }
    return clauses
  }

  /// The text is over: what is left, if anything.
  mutating func finish() -> String? {
    defer { pending = "" }
    return pending.isEmpty ? nil : pending
  }

  /// Takes back the word at the end, unless what stands behind it shows that it is whole.
  ///
  /// - Returns: the word; nil where there is none.
  mutating func dropPartialWord() -> String? {
    let word = pending[...].suffix { !$0.isWhitespace }
    guard let last = word.last, !".,;:!?…".contains(last), !last.isUnspaced else { return nil }
    pending.removeLast(word.count)
    return String(word)
  }

  /// The end of the first complete clause in `pending`: after its mark and the whitespace behind it.
  private func boundary() -> String.Index? {
    var index = pending.startIndex
    var length = 0
    var lastSpace: String.Index?
    while index < pending.endIndex {
      let character = pending[index]
      let next = pending.index(after: index)
      length += 1
      if character == "\n", length > 1 { return next }
      if character.isWhitespace { lastSpace = next }
      // Without the character behind it a mark says nothing: "3." may become "3.5".
      if next < pending.endIndex {
        if pending[next].isWhitespace, endsClause(at: index, length: length) { return pending.index(after: next) }
        if endsUnspacedClause(at: index, before: pending[next], length: length) { return next }
      }
      if length >= Self.longestClause { return lastSpace ?? next }
      index = next
    }
    return nil
  }

  private func endsClause(at index: String.Index, length: Int) -> Bool {
    switch pending[index] {
    case "!", "?", "…", "。", "？", "！": true
    case ".": !isAbbreviation(before: index)
    case "\"", "”", ")":
      index > pending.startIndex && ".!?…".contains(pending[pending.index(before: index)])
    case ",", ";", ":", "—", "–": isFirst && length >= Self.shortestFirstClause
    default: false
    }
  }

  /// Chinese and Japanese put no space behind a mark.
  private func endsUnspacedClause(at index: String.Index, before next: Character, length: Int) -> Bool {
    guard !next.isWhitespace, !"。！？…」』”’）》".contains(next) else { return false }
    switch pending[index] {
    case "。", "！", "？": return true
    case "」", "』", "”", "’", "）", "》":
      return index > pending.startIndex && "。！？".contains(pending[pending.index(before: index)])
    case "，", "、", "；", "：": return isFirst && length >= Self.shortestUnspacedFirstClause
    default: return false
    }
  }

  private static let abbreviations: Set<String> = [
    "mr", "mrs", "ms", "dr", "prof", "sr", "jr", "st", "vs", "etc", "e.g", "i.e", "no", "fig", "approx",
    "inc",
  ]

  /// Whether the word that a full stop ends is an abbreviation, an initial or a list number.
  private func isAbbreviation(before stop: String.Index) -> Bool {
    let head = pending[..<stop]
    let word = head.suffix(while: { !$0.isWhitespace })
    if word.count == 1, let letter = word.first, letter.isLetter, letter.isUppercase, letter != "I" {
      return true
    }
    if word.allSatisfy(\.isNumber), head.count == word.count { return true }
    return Self.abbreviations.contains(word.lowercased().trimmingPrefix { "(\"“".contains($0) }.description)
  }
}

extension Substring {
  /// The longest end of the text whose characters all satisfy `predicate`.
  fileprivate func suffix(while predicate: (Character) -> Bool) -> Substring {
    var start = endIndex
    while start > startIndex, predicate(self[index(before: start)]) { start = index(before: start) }
    return self[start...]
  }
}
