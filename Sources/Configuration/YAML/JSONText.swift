import Foundation
import Yams

extension Value {
  /// What lies deeper is refused: readers of JSON have limits of their own.
  private static let maximumDepth = 32

  /// This value as JSON, with its keys in the file's order and the environment left alone.
  ///
  /// What stands plain has the type that YAML's core schema gives it (YAML 1.2.2, 10.3.2); what stands in quotes is
  /// text.
  func json() -> String? {
    var text = ""
    return appendJSON(to: &text, depth: 0) ? text : nil
  }

  private func appendJSON(to text: inout String, depth: Int) -> Bool {
    guard depth < Self.maximumDepth else {
      report("is nested more than \(Self.maximumDepth) levels deep")
      return false
    }
    switch node {
    case .scalar(let scalar):
      guard let json = CoreSchema.json(scalar.string, isPlain: scalar.style == .plain) else {
        report("\(shown) is a number that JSON does not have")
        return false
      }
      text += json
      return true
    case .sequence:
      return append(list() ?? [], between: "[", "]", to: &text) { element, text in
        element.appendJSON(to: &text, depth: depth + 1)
      }
    case .mapping(let mapping):
      return append(mapping, between: "{", "}", to: &text) { pair, text in
        guard case .scalar(let key) = pair.key else {
          report("a key must be a word")
          return false
        }
        text += CoreSchema.quoted(key.string) + ":"
        let place = place.child(key.string.excerpt(), at: pair.value.mark ?? pair.key.mark)
        return Value(node: pair.value, place: place, file: file).appendJSON(to: &text, depth: depth + 1)
      }
    case .alias:
      report("YAML aliases are not supported; repeat the value")
      return false
    }
  }

  private func append<Elements: Sequence>(
    _ elements: Elements, between open: String, _ close: String, to text: inout String,
    each: (Elements.Element, inout String) -> Bool
  ) -> Bool {
    text += open
    var isFirst = true
    for element in elements {
      if !isFirst { text += "," }
      isFirst = false
      guard each(element, &text) else { return false }
    }
    text += close
    return true
  }
}

/// The types of plain scalars.
enum CoreSchema {
  /// Nil for infinities and what is not a number.
  static func json(_ text: String, isPlain: Bool) -> String? {
    guard isPlain else { return quoted(text) }
    switch text {
    case "", "~", "null", "Null", "NULL": return "null"
    case "true", "True", "TRUE": return "true"
    case "false", "False", "FALSE": return "false"
    case ".nan", ".NaN", ".NAN": return nil
    default: break
    }
    if text.wholeMatch(of: /[-+]?\.(inf|Inf|INF)/) != nil { return nil }
    if text.wholeMatch(of: /0o[0-7]+/) != nil { return integer(text.dropFirst(2), radix: 8) }
    if text.wholeMatch(of: /0x[0-9a-fA-F]+/) != nil { return integer(text.dropFirst(2), radix: 16) }
    if text.wholeMatch(of: /[-+]?[0-9]+/) != nil, let integer = Int(text) { return "\(integer)" }
    if text.wholeMatch(of: /[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?/) != nil { return decimal(text) }
    return quoted(text)
  }

  static func quoted(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    // Text can always be encoded.
    return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }

  private static func integer(_ digits: Substring, radix: Int) -> String? {
    Int(digits, radix: radix).map { "\($0)" }
  }

  private static func decimal(_ text: String) -> String? {
    // `1.` is a number in YAML, but not in Swift.
    let text = text.replacing(/\.(?=$|[eE])/, with: "")
    return Double(text).flatMap { $0.isFinite ? "\($0)" : nil }
  }
}
