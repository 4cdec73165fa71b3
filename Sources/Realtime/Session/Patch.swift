/// A nullable field in a partial update: left alone, turned off, or set.
public enum Patch<Value> {
  case absent
  case null
  case value(Value)
}

extension Patch {
  /// nil unless it sets one.
  var value: Value? {
    if case .value(let value) = self { value } else { nil }
  }

  var isValue: Bool { value != nil }
}

extension Patch: Sendable where Value: Sendable {}
extension Patch: Equatable where Value: Equatable {}
