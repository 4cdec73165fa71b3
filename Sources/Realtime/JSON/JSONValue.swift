import Foundation

/// Any JSON value: what Viva carries for others without reading it, like the JSON Schema of a tool.
public enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// Reads JSON text from anyone; nil when it is no JSON, nested more than 64 levels deep, or of more than 100,000
  /// values.
  public init?(text: String) {
    let bytes = Array(text.utf8)
    guard (try? RealtimeJSON.checkShape(of: bytes)) != nil, let value = JSONReader.read(bytes) else { return nil }
    self = value
  }

  /// Its JSON text, keys sorted.
  public var text: String {
    String(decoding: RealtimeJSON.encode(self, sortingKeys: true), as: UTF8.self)
  }
}

extension JSONValue: Codable {
  /// - Throws: `DecodingError` for a number beyond `Double`, and for a string that is no Unicode.
  public init(from decoder: any Decoder) throws {
    if let message = decoder.userInfo[JSONMessage.key] as? JSONMessage {
      guard let value = message.value(at: decoder.codingPath) else { throw Self.unreadable(decoder) }
      self = value
      return
    }
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let string = try? value.decode(String.self) {
      self = .string(string)
    } else if let bool = try? value.decode(Bool.self) {
      self = .bool(bool)
    } else if let integer = try? value.decode(Int.self) {
      self = .integer(integer)
    } else if let object = try? value.decode([String: JSONValue].self) {
      self = .object(object)
    } else if let array = try? value.decode([JSONValue].self) {
      self = .array(array)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else {
      throw Self.unreadable(decoder)
    }
  }

  private static func unreadable(_ decoder: any Decoder) -> DecodingError {
    .dataCorrupted(
      .init(
        codingPath: decoder.codingPath,
        debugDescription: "It holds what is no JSON, a number that is too large, or a string that cannot be read."))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }
}
