/// What a synthesizer should be given for a clause of model text: no mark-up, nothing to spell out.
enum SpeakableText {
  /// The words to speak; nil when there is nothing that could be spoken.
  static func from(_ clause: String) -> String? {
    var text = clause.filter { !"*_#`~|<>[]{}".contains($0) && !$0.isEmojiPresentation }
    text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return text.contains { $0.isLetter || $0.isNumber } ? text : nil
  }
}

extension Character {
  fileprivate var isEmojiPresentation: Bool {
    unicodeScalars.contains { $0.properties.isEmojiPresentation || $0.value == 0xFE0F }
  }
}
