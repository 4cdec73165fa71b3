import Foundation

@testable import Realtime

func parse(_ bytes: [UInt8]) throws -> JSONValue {
  try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
}

func decode(_ json: String) throws(RealtimeError) -> ClientEvent {
  try ClientEvent.decode(Array(json.utf8))
}

/// The error that decoding must end with.
func refusal(_ json: String) -> RealtimeError? {
  do throws(RealtimeError) {
    _ = try decode(json)
    return nil
  } catch {
    return error
  }
}

extension JSONValue {
  subscript(_ path: String...) -> JSONValue? {
    var value: JSONValue? = self
    for key in path {
      switch value {
      case .object(let fields): value = fields[key]
      case .array(let values): value = Int(key).flatMap { values.indices.contains($0) ? values[$0] : nil }
      default: return nil
      }
    }
    return value
  }

  var keys: Set<String> {
    if case .object(let fields) = self { Set(fields.keys) } else { [] }
  }
}
