/// A session description, or a trickle fragment, that cannot be read.
public struct SDPError: Error, Equatable {
  /// Counted from 1; 0 when the fault is not in one line.
  public let line: Int
  /// What the line says, shortened, without control characters and without keys or passwords.
  public let text: String
  /// What would have been right there.
  public let expected: String

  private static let longestText = 60
  /// Attributes whose values are not repeated to anybody.
  private static let secrets = ["a=crypto:", "a=ice-pwd:", "k="]

  init(line: Int, text: some StringProtocol, expected: String) {
    self.line = line
    self.expected = expected
    // By bytes: a combining character after the colon would hide a prefix of characters.
    if let secret = Self.secrets.first(where: { text.utf8.starts(with: $0.utf8) }) {
      self.text = secret + "…"
    } else {
      let printable = String.UnicodeScalarView(
        text.unicodeScalars.prefix(Self.longestText).map { $0.properties.generalCategory == .control ? "?" : $0 })
      self.text = String(printable) + (text.unicodeScalars.count > Self.longestText ? "…" : "")
    }
  }

  init(_ line: SDPLine, expected: String) {
    self.init(line: line.number, text: line.text, expected: expected)
  }
}

extension SDPError: CustomStringConvertible {
  public var description: String {
    line == 0
      ? "the SDP is not valid: expected \(expected)"
      : "line \(line) of the SDP, \"\(text)\", is not valid: expected \(expected)"
  }
}
