/// Whether words sound as if more were to come.
///
/// Recognisers close almost every partial text with a full stop, so what the last words are says more than the
/// punctuation after them.
struct TurnText: Sendable {
  enum Completeness: Sendable, Equatable {
    /// A question, or a short answer that needs nothing more: "Yes, please."
    case answer
    /// A whole sentence, after which another may come.
    case sentence
    case unknown
    /// More is likely to come: "My number is 5 5 5"
    case openEnded
    /// Breaks off: "I was", "and then the", "um…"
    case incomplete
  }

  private static let stops: Set<Character> = [".", "!", "。", "！", "।", "۔"]
  private static let questionMarks: Set<Character> = ["?", "？", "؟"]
  private static let breaks: Set<Character> = [",", "-", "–", "—", "…", ":", ";", "、", "，", "،", "："]
  private static let quotes: Set<Character> = ["\"", "'", "”", "’", "»", ")", "」"]
  /// Only the last words count, and a turn may be long.
  private static let longestEnd = 400

  private let words: [String]
  private let ending: Ending
  private let isEnglish: Bool

  private enum Ending {
    case stop, question, broken, none
  }

  /// - Parameter language: An IETF tag; nil is taken for English.
  init(_ text: String, language: String? = nil) {
    let end = text.suffix(Self.longestEnd).drop(while: \.isWhitespace)
    words = end.lowercased()
      .split { !$0.isLetter && !$0.isNumber && $0 != "'" && $0 != "’" }
      .map { String($0.replacing("’", with: "'")) }
    ending = Self.ending(of: end)
    isEnglish = language.map { $0.lowercased().prefix(2) == "en" } ?? true
  }

  var completeness: Completeness {
    guard let last = words.last else { return .unknown }
    guard isEnglish else { return byPunctuation }
    let english = EnglishEnding(words: words, last: last)
    if ending == .question { return .answer }
    if ending == .broken || english.isFiller { return .incomplete }
    if english.isShortAnswer { return .answer }
    if english.isDangling { return .incomplete }
    if english.isDictatedNumber { return english.hasWholeNumber ? .sentence : .openEnded }
    if english.isOpenEnded { return .openEnded }
    return ending == .stop && words.count > 2 ? .sentence : .unknown
  }

  private var byPunctuation: Completeness {
    switch ending {
    case .question: .answer
    case .stop: .sentence
    case .broken: .incomplete
    case .none: .unknown
    }
  }

  private static func ending(of text: some BidirectionalCollection<Character>) -> Ending {
    let marks = text.reversed().prefix { !$0.isLetter && !$0.isNumber }.filter {
      !$0.isWhitespace && !quotes.contains($0)
    }
    guard let mark = marks.first else { return .none }
    if questionMarks.contains(mark) { return .question }
    if breaks.contains(mark) { return .broken }
    guard stops.contains(mark) else { return .none }
    // Three full stops trail off as "…" does.
    return marks.prefix(2).count(where: { $0 == "." }) == 2 ? .broken : .stop
  }
}
