import Audio

@testable import Sessions

extension FuzzTarget {
  /// Text of a language model on its way to the voice, and back into what was heard of it; and the partial transcripts
  /// of a recogniser, a line each.
  static let spokenText = FuzzTarget("spoken-text", cost: 4) { input in
    var splitter = ClauseSplitter()
    var clauses: [String] = []
    let tokens = stride(from: 0, to: input.bytes.count, by: 10).map { start in
      String(decoding: input.bytes[start..<min(start + 10, input.bytes.count)], as: UTF8.self)
    }
    for token in tokens { clauses += splitter.append(token) }
    if let rest = splitter.finish() { clauses.append(rest) }
    let text = tokens.joined()
    expect(clauses.joined() == text, "the clauses joined are another text")

    var spoken = SpokenText()
    for clause in clauses {
      spoken.begin(clause: clause)
      guard let words = SpeakableText.from(clause) else { continue }
      expect(!words.isEmpty, "nothing to speak")
      spoken.append(audio: Array(repeating: 6000, count: min(clause.utf8.count, 100) * 160))
      if clause.utf8.count % 7 != 0 { spoken.endClause() }
    }
    var last = 0
    for position in stride(from: 0, through: spoken.samples + 480, by: max(480, spoken.samples / 8)) {
      let heard = spoken.heard(at: position).unicodeScalars.count
      expect(heard >= last, "more was heard before")
      last = heard
    }

    var stable = StableTranscript()
    var deltas = ""
    for line in input.text.split(separator: "\n") { deltas += stable.partial(String(line)) }
    deltas += stable.final(input.text)
    expect(deltas == stable.emitted, "the deltas joined are another text")
    let silence = EndOfTurnPolicy(eagerness: .low, language: "en").silence(probability: 0.5, transcript: input.text)
    expect((250...8000).contains(silence), "a silence of \(silence) ms")
  }
}
