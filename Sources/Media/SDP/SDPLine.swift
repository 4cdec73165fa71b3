/// One line of a description: a letter and its value (RFC 8866, section 5).
struct SDPLine: Sendable {
  let type: UInt8
  let value: Substring
  /// For `a=` lines: what stands before the first colon, and what after it.
  let attribute: (name: String, value: Substring?)?
  /// Counted from 1, of the text that was read; 0 in a description that is being written.
  let number: Int

  init(_ type: Unicode.Scalar, _ value: some StringProtocol, number: Int = 0) {
    self.type = UInt8(ascii: type)
    self.value = Substring(value)
    self.number = number
    if type == "a" {
      let (name, rest) = self.value.cut(at: ":")
      attribute = (String(name), rest?.trimmed)
    } else {
      attribute = nil
    }
  }

  var text: String { "\(Unicode.Scalar(type))=\(value)" }
}

extension SDPLine: Equatable {
  /// Where a line stood does not count.
  static func == (a: SDPLine, b: SDPLine) -> Bool { a.type == b.type && a.value == b.value }
}

extension [SDPLine] {
  /// The values of all attributes of this name, with their lines.
  func attributes(_ name: String) -> [(line: SDPLine, value: Substring)] {
    var found: [(line: SDPLine, value: Substring)] = []
    for line in self {
      if let attribute = line.attribute, attribute.name == name, let value = attribute.value {
        found.append((line, value))
      }
    }
    return found
  }

  /// The first attribute of this name that has a value.
  func attribute(_ name: String) -> (line: SDPLine, value: Substring)? {
    for line in self {
      if let attribute = line.attribute, attribute.name == name, let value = attribute.value { return (line, value) }
    }
    return nil
  }

  /// Whether there is an attribute of this name, with a value or without.
  func hasAttribute(_ name: String) -> Bool {
    contains { $0.attribute?.name == name }
  }
}
