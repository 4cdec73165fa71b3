/// `${NAME}` and `${NAME:-default}` in configuration values; `$${` stands for a plain `${`.
enum EnvironmentReferences {
  enum Expansion: Equatable {
    case text(String)
    /// The variable is not set and has no default.
    case unset(String)
    case malformed
    case tooLong
  }

  /// Replaces every reference in `text`. As in a shell, `:-` also replaces a variable that is set but empty.
  static func expand(_ text: String, from environment: [String: String]) -> Expansion {
    var result = ""
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[dollar...]
      if rest.hasPrefix("$${") {
        result += "${"
        rest = rest.dropFirst(3)
      } else if rest.hasPrefix("${") {
        guard let end = rest.firstIndex(of: "}"), let reference = Reference(rest[..<end].dropFirst(2)) else {
          return .malformed
        }
        guard let value = reference.value(in: environment) else { return .unset(reference.name) }
        result += value
        rest = rest[end...].dropFirst()
      } else {
        result += "$"
        rest = rest.dropFirst()
      }
      guard result.utf8.count <= YAMLFile.maximumBytes else { return .tooLong }
    }
    return .text(result + rest)
  }

  private struct Reference {
    var name: String
    var fallback: String?

    init?(_ body: Substring) {
      let name = body.prefix { $0 == "_" || ($0.isASCII && ($0.isLetter || $0.isNumber)) }
      guard let first = name.first, !first.isNumber else { return nil }
      let tail = body[name.endIndex...]
      guard tail.isEmpty || tail.hasPrefix(":-") else { return nil }
      self.name = String(name)
      fallback = tail.isEmpty ? nil : String(tail.dropFirst(2))
    }

    func value(in environment: [String: String]) -> String? {
      guard let fallback else { return environment[name] }
      guard let value = environment[name], !value.isEmpty else { return fallback }
      return value
    }
  }
}
