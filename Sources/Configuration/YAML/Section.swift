import Yams

/// The keys of one mapping. It remembers which were asked for: those are the known ones, and the rest are
/// reported. So no list of known keys has to be kept beside the code that reads them.
final class Section {
  let place: Place
  private let file: YAMLFile
  private var pairs: [(key: String, place: Place, node: Node)] = []
  private var asked: [String] = []

  init(_ mapping: Node.Mapping, place: Place, file: YAMLFile) {
    self.place = place
    self.file = file
    for (keyNode, node) in mapping {
      guard case .scalar(let key) = keyNode else {
        file.report(place.child("?", at: keyNode.mark), "a key must be a word")
        continue
      }
      pairs.append((key.string, place.child(key.string.excerpt(), at: keyNode.mark), node))
    }
  }

  /// In the file's order.
  var keys: [String] { pairs.map(\.key) }

  /// Reports a problem of `key`, at its value if it has one, else at the section.
  func report(_ key: String, _ message: String, allowed: String? = nil) {
    let place = pairs.first { $0.key == key }?.place ?? place.child(key, at: nil)
    file.report(place, message, allowed: allowed)
  }

  /// The value of `key`; nil if it is absent.
  func value(_ key: String) -> Value? {
    if !asked.contains(key) { asked.append(key) }
    guard let pair = pairs.first(where: { $0.key == key }) else { return nil }
    var place = pair.place
    // A scalar stands on its own line; a block below its key is better named by the key.
    if case .scalar(let scalar) = pair.node, let mark = scalar.mark {
      place.line = mark.line
      place.column = mark.column
    }
    return Value(node: pair.node, place: place, file: file)
  }

  /// The value of `key`; nil if it is absent or null.
  func present(_ key: String) -> Value? {
    value(key).flatMap { $0.isNull ? nil : $0 }
  }

  /// The value of `key`; its absence is reported.
  func required(_ key: String) -> Value? {
    if let value = present(key) { return value }
    report(key, "is missing")
    return nil
  }

  func section(_ key: String, _ body: (Section) -> Void) {
    present(key)?.section(body)
  }

  func reportUnknownKeys() {
    for pair in pairs where !asked.contains(pair.key) {
      let guess = pair.key.nearest(in: asked).map { "; did you mean \($0)?" } ?? ""
      file.report(pair.place, "is not a known key\(guess)", allowed: asked.joined(separator: ", "))
    }
  }
}

/// Readings into a variable that keeps its default where the file says nothing, or nothing valid.
extension Section {
  func integer(_ key: String, _ range: ClosedRange<Int>, into target: inout Int) {
    if let number = present(key)?.integer(in: range) { target = number }
  }

  /// A number that null switches off.
  func integer(_ key: String, _ range: ClosedRange<Int>, into target: inout Int?) {
    guard let value = value(key) else { return }
    if value.isNull { target = nil } else if let number = value.integer(in: range) { target = number }
  }

  func number(_ key: String, _ range: ClosedRange<Double>, into target: inout Double) {
    if let number = present(key)?.number(in: range) { target = number }
  }

  func boolean(_ key: String, into target: inout Bool) {
    if let flag = present(key)?.boolean() { target = flag }
  }

  func texts(_ key: String, into target: inout [String]) {
    if let texts = present(key)?.texts() { target = texts }
  }

  /// Text that is not empty.
  func text(_ key: String, into target: inout String) {
    guard let value = present(key), let text = value.text() else { return }
    if text.isEmpty { value.report("is empty") } else { target = text }
  }

  /// Text that null or emptiness switches off.
  func text(_ key: String, into target: inout String?) {
    guard let value = value(key) else { return }
    if value.isNull {
      target = nil
    } else if let text = value.text() {
      target = text.isEmpty ? nil : text
    }
  }
}
