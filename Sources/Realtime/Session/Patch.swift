/// A nullable field in a partial update: left alone, turned off, or set.
public enum Patch<Value> {
  case absent
  case null
  case value(Value)
}

extension Patch: Sendable where Value: Sendable {}
extension Patch: Equatable where Value: Equatable {}
