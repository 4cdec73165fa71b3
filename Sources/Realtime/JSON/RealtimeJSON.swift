import Foundation

/// JSON as the protocol uses it: bytes in, bytes out.
enum RealtimeJSON {
  /// Arrays and objects inside each other; deeper input is refused before anything recurses into it.
  static let maximumDepth = 64

  /// - Throws: `RealtimeError`, or what `Value`'s own decoding throws.
  static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
    try checkDepth(of: bytes)
    return try JSONDecoder().decode(type, from: Data(bytes))
  }

  static func encode(_ value: some Encodable, sortingKeys: Bool = false) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = sortingKeys ? [.withoutEscapingSlashes, .sortedKeys] : .withoutEscapingSlashes
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    // JSONEncoder throws for non-finite numbers, allowed above, and for what a type's own `encode` throws: none
    // of this module does.
    return try! Array(encoder.encode(value))
  }

  private static func checkDepth(of bytes: [UInt8]) throws(RealtimeError) {
    var depth = 0
    var isInString = false
    var isEscaped = false
    for byte in bytes {
      // JSONDecoder would take it for UTF-16 or UTF-32, which this scan does not read.
      if byte == 0 { throw .malformedJSON("it holds a NUL byte.") }
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""):
        isInString = true
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        depth += 1
        if depth > maximumDepth { throw .malformedJSON("it is nested more than \(maximumDepth) levels deep.") }
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        depth -= 1
      default:
        break
      }
    }
  }
}
