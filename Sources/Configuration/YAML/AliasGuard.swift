/// Finds YAML aliases before the parser does.
///
/// A few lines of nested aliases stand for billions of nodes, and Yams hashes the keys of a mapping while it
/// parses: the refusal must come first. An alias is `*name` after an anchor `&name`, at the start of a line or
/// after white space or an indicator. Text that merely looks like both is refused too, which is rare enough.
enum AliasGuard {
  static func firstAlias(in text: String) -> Place? {
    var anchors: Set<Substring> = []
    var line = 1
    var column = 0
    var previous: Unicode.Scalar = "\n"
    let scalars = text.unicodeScalars
    var index = scalars.startIndex
    while index < scalars.endIndex {
      let scalar = scalars[index]
      let next = scalars.index(after: index)
      column += 1
      if scalar == "&" {
        anchors.insert(name(in: text, from: next))
      } else if scalar == "*", mayPrecedeNode(previous), anchors.contains(name(in: text, from: next)) {
        return Place(line: line, column: column)
      } else if scalar == "\n" {
        line += 1
        column = 0
      }
      previous = scalar
      index = next
    }
    return nil
  }

  private static func name(in text: String, from start: String.Index) -> Substring {
    let scalars = text.unicodeScalars[start...].prefix { scalar in
      switch scalar {
      case "0"..."9", "A"..."Z", "a"..."z", "_", "-": true
      default: false
      }
    }
    return text[scalars.startIndex..<scalars.endIndex]
  }

  private static func mayPrecedeNode(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "[", "]", "{", "}", ",", ":", "-", "?", "\"", "'": true
    default: scalar.properties.isWhitespace || scalar == "\u{FEFF}"
    }
  }
}
