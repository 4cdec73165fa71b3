/// The attributes of a message that its receiver should know and does not (RFC 8489, section 14.13). The first four: a
/// sender that is told of these has enough to mend.
public struct STUNUnknownAttributes: Sendable {
  static let capacity = 4

  private var types = InlineArray<4, UInt16>(repeating: 0)
  public private(set) var count = 0

  public var isEmpty: Bool { count == 0 }

  public subscript(index: Int) -> STUNAttributeType { STUNAttributeType(rawValue: types[index]) }

  mutating func append(_ type: STUNAttributeType) {
    guard count < Self.capacity else { return }
    types[count] = type.rawValue
    count += 1
  }
}
