// Splits and reads the values of lines. All of it works on bytes: SDP's own words are ASCII, and a `Character` may
// swallow a separator.

extension Substring {
  /// The parts between spaces or tabs.
  var fields: [Substring] {
    utf8.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.map(Substring.init)
  }

  /// The parts between `separator`, empty ones left out.
  func parts(_ separator: Unicode.Scalar) -> [Substring] {
    utf8.split(separator: UInt8(ascii: separator)).map(Substring.init)
  }

  /// What stands before the first `separator`, and after it; nil when there is none.
  func cut(at separator: Unicode.Scalar) -> (Substring, Substring?) {
    guard let index = utf8.firstIndex(of: UInt8(ascii: separator)) else { return (self, nil) }
    return (self[..<index], self[utf8.index(after: index)...])
  }

  /// Without spaces and tabs at the ends.
  var trimmed: Substring {
    let blank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    guard let first = utf8.firstIndex(where: { !blank($0) }), let last = utf8.lastIndex(where: { !blank($0) }) else {
      return self[endIndex...]
    }
    return self[first...last]
  }

  /// Digits alone, and within `range`.
  func decimal<Number: FixedWidthInteger>(in range: ClosedRange<Number>) -> Number? {
    guard utf8.first.map({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) == true, let number = Number(self),
      range.contains(number)
    else { return nil }
    return number
  }

  /// Whether there are so many bytes, all of them visible ASCII.
  func isVisible(length: ClosedRange<Int>) -> Bool {
    length.contains(utf8.count) && utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }
}
