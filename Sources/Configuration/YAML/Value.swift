import Yams

/// One YAML value and where it stands. Each reading either gives the value or reports what is wrong with it and
/// gives nil.
struct Value {
  let node: Node
  let place: Place
  let file: YAMLFile

  /// `key:` with nothing behind it, `~` or `null`.
  var isNull: Bool {
    guard case .scalar(let scalar) = node, scalar.style == .plain else { return false }
    return ["", "~", "null"].contains(scalar.string)
  }

  /// Whether it names an environment variable that is not set and has no default.
  var refersToUnsetVariable: Bool {
    guard case .scalar(let scalar) = node else { return false }
    if case .unset = EnvironmentReferences.expand(scalar.string, from: file.environment) { return true }
    return false
  }

  func report(_ message: String, allowed: String? = nil) {
    file.report(place, message, allowed: allowed)
  }

  // MARK: Scalars

  /// The text, with references to the environment replaced.
  func text() -> String? {
    guard let raw else { return nil }
    switch EnvironmentReferences.expand(raw, from: file.environment) {
    case .text(let text):
      return text
    case .unset(let name):
      report("the environment variable \(name) is not set; set it, or give a default: ${\(name):-default}")
    case .malformed:
      report(
        "has a malformed reference to the environment; write $${ for a plain ${",
        allowed: "${NAME} or ${NAME:-default}")
    case .tooLong:
      report("is longer than \(YAMLFile.maximumBytes) bytes once the environment is filled in")
    }
    return nil
  }

  func integer(in range: ClosedRange<Int>) -> Int? {
    scalar(in: range, named: "a whole number") { Int($0) }
  }

  func number(in range: ClosedRange<Double>) -> Double? {
    scalar(in: range, named: "a number") { Double($0) }
  }

  func boolean() -> Bool? {
    guard let text = text() else { return nil }
    if text == "true" || text == "false" { return text == "true" }
    report("\(shown) is neither true nor false", allowed: "true, false")
    return nil
  }

  func choice<Choice: RawRepresentable<String>>(of choices: [Choice]) -> Choice? {
    guard let text = text() else { return nil }
    if let choice = choices.first(where: { $0.rawValue == text }) { return choice }
    report(
      "\(shown) is not one of the choices", allowed: choices.map(\.rawValue).joined(separator: ", "))
    return nil
  }

  /// A name for use in URLs, metrics and file names.
  func name() -> String? {
    guard let text = text() else { return nil }
    if Name.isValid(text) { return text }
    report("\(shown) is not a name", allowed: Name.allowed)
    return nil
  }

  // MARK: Collections

  func list() -> [Value]? {
    guard case .sequence(let sequence) = node else {
      report("must be a list, not \(kind)")
      return nil
    }
    return sequence.enumerated().map { index, element in
      Value(node: element, place: place.element(index, at: element.mark), file: file)
    }
  }

  func texts() -> [String]? {
    list().map { $0.compactMap { $0.text() } }
  }

  /// Gives `body` the keys of this mapping, and reports those that it does not ask for.
  func section(_ body: (Section) -> Void) {
    guard case .mapping(let mapping) = node else {
      return report("must have keys of its own, not \(kind)")
    }
    let section = Section(mapping, place: place, file: file)
    body(section)
    section.reportUnknownKeys()
  }

  // MARK: Helpers

  private var raw: String? {
    if case .scalar(let scalar) = node { return scalar.string }
    report("must be a single value, not \(kind)")
    return nil
  }

  /// The text as the file has it: what comes from the environment may be secret.
  var shown: String { node.scalar?.string.excerpt() ?? kind }

  private var kind: String {
    switch node {
    case .mapping: "keys with values"
    case .sequence: "a list"
    case .scalar, .alias: "a single value"
    }
  }

  private func scalar<Number: Comparable>(
    in range: ClosedRange<Number>, named kind: String, convert: (String) -> Number?
  ) -> Number? {
    guard let text = text() else { return nil }
    let allowed = "\(range.lowerBound) to \(range.upperBound)"
    guard let number = convert(text) else {
      report("\(shown) is not \(kind)", allowed: allowed)
      return nil
    }
    guard range.contains(number) else {
      report("\(shown) is out of range", allowed: allowed)
      return nil
    }
    return number
  }
}
