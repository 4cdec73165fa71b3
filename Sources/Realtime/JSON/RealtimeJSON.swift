import Foundation

/// JSON as the protocol uses it: bytes in, bytes out.
enum RealtimeJSON {
  /// Arrays and objects inside each other; deeper input is refused before anything recurses into it.
  static let maximumDepth = 64
  /// Elements and fields in all, more or less: to read one costs far more than the bytes that it is written with.
  static let maximumValues = 100_000

  /// - Throws: `RealtimeError`, or what `Value`'s own decoding throws.
  static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
    try checkShape(of: bytes)
    let decoder = JSONDecoder()
    decoder.userInfo[JSONMessage.key] = JSONMessage(bytes)
    return try decoder.decode(type, from: Data(bytes))
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

  /// Refuses what would take too much stack, or too much time, to read.
  static func checkShape(of bytes: [UInt8]) throws(RealtimeError) {
    var depth = 0
    var values = 0
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
      case UInt8(ascii: ","):
        values += 1
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        values += 1
        depth += 1
        if depth > maximumDepth { throw .malformedJSON("it is nested more than \(maximumDepth) levels deep.") }
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        depth -= 1
      default:
        break
      }
      if values > maximumValues { throw .malformedJSON("it holds more than \(maximumValues) values.") }
    }
  }
}
