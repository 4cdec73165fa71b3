/// Reads JSON text (RFC 8259) as `JSONValue`s, in one pass.
///
/// `JSONDecoder` can only try one type after the other, with an error for each that does not fit: of a mebibyte of
/// numbers it makes minutes of work. Takes the bytes of anyone; what `RealtimeJSON.checkShape` lets through is not too
/// deep to recurse into.
struct JSONReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0

  /// - Returns: nil for what is no JSON text, for strings that are no Unicode, and for numbers beyond `Double`.
  static func read(_ bytes: [UInt8]) -> JSONValue? {
    bytes.withUnsafeBufferPointer { bytes in
      var reader = JSONReader(bytes: bytes)
      // As JSONDecoder does, it passes a byte order mark.
      if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.position = 3 }
      guard let value = reader.value(), reader.next == nil else { return nil }
      return value
    }
  }

  private init(bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
  }

  /// The next byte that is no white space; it is not passed.
  private var next: UInt8? {
    mutating get {
      while position < bytes.count {
        switch bytes[position] {
        case 0x20, 0x09, 0x0A, 0x0D: position += 1
        default: return bytes[position]
        }
      }
      return nil
    }
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: scalar) else { return false }
    position += 1
    return true
  }

  private mutating func value() -> JSONValue? {
    switch next {
    case UInt8(ascii: "{"): object()
    case UInt8(ascii: "["): array()
    case UInt8(ascii: "\""): string().map(JSONValue.string)
    case UInt8(ascii: "t"): word("true", .bool(true))
    case UInt8(ascii: "f"): word("false", .bool(false))
    case UInt8(ascii: "n"): word("null", .null)
    default: number()
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) -> JSONValue? {
    let end = position + word.utf8CodeUnitCount
    guard end <= bytes.count,
      bytes[position..<end].elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    else { return nil }
    position = end
    return value
  }

  // MARK: Collections

  private mutating func array() -> JSONValue? {
    guard take("[") else { return nil }
    var elements: [JSONValue] = []
    if take("]") { return .array(elements) }
    repeat {
      guard let element = value() else { return nil }
      elements.append(element)
    } while take(",")
    return take("]") ? .array(elements) : nil
  }

  /// Of a name that is there twice the first value counts, as with JSONDecoder.
  private mutating func object() -> JSONValue? {
    guard take("{") else { return nil }
    var fields: [String: JSONValue] = [:]
    if take("}") { return .object(fields) }
    repeat {
      guard next == UInt8(ascii: "\""), let name = string(), take(":"), let field = value() else { return nil }
      if fields.index(forKey: name) == nil { fields[name] = field }
    } while take(",")
    return take("}") ? .object(fields) : nil
  }

  // MARK: Numbers

  private mutating func number() -> JSONValue? {
    let start = position
    if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
    let first = position
    guard digits() else { return nil }
    guard bytes[first] != UInt8(ascii: "0") || position == first + 1 else { return nil }
    var isWhole = true
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      position += 1
      isWhole = false
      guard digits() else { return nil }
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      isWhole = false
      if position < bytes.count, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(bytes[position]) { position += 1 }
      guard digits() else { return nil }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isWhole, let integer = Int(text) { return .integer(integer) }
    guard let number = Double(text), number.isFinite else { return nil }
    // `1.0` and `1e3` are integers, too. Beyond 2^53 every number is one, whatever was meant.
    guard number.magnitude < 0x1p53, let integer = Int(exactly: number) else { return .number(number) }
    return .integer(integer)
  }

  private mutating func digits() -> Bool {
    let start = position
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
    return position > start
  }

  // MARK: Strings

  private mutating func string() -> String? {
    guard take("\"") else { return nil }
    let start = position
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        defer { position += 1 }
        return String(validating: bytes[start..<position], as: UTF8.self)
      case UInt8(ascii: "\\"): return escapedString(from: start)
      case ..<0x20: return nil
      default: position += 1
      }
    }
    return nil
  }

  /// A string whose first escape is at `position`.
  private mutating func escapedString(from start: Int) -> String? {
    var text = Array(bytes[start..<position])
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let scalar = escape() else { return nil }
        text += UTF8.encode(scalar).map(Array.init) ?? []
      case ..<0x20: return nil
      default: text.append(byte)
      }
    }
    return nil
  }

  /// What stands behind a backslash.
  private mutating func escape() -> Unicode.Scalar? {
    guard position < bytes.count else { return nil }
    defer { position += 1 }
    switch bytes[position] {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return unicodeEscape()
    default: return nil
    }
  }

  /// `uXXXX`, or two of them for a surrogate pair; `position` is left on the last digit.
  private mutating func unicodeEscape() -> Unicode.Scalar? {
    guard let unit = codeUnit() else { return nil }
    guard UTF16.isLeadSurrogate(unit) else { return Unicode.Scalar(unit) }
    guard position + 2 < bytes.count, bytes[position + 1] == UInt8(ascii: "\\"),
      bytes[position + 2] == UInt8(ascii: "u")
    else { return nil }
    position += 2
    guard let trail = codeUnit(), UTF16.isTrailSurrogate(trail) else { return nil }
    return Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + UInt32(trail) - 0xDC00)
  }

  /// The four digits behind a `u`.
  private mutating func codeUnit() -> UInt16? {
    guard position + 4 < bytes.count else { return nil }
    var unit: UInt16 = 0
    for _ in 0..<4 {
      position += 1
      guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else { return nil }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }
}
