import Synchronization

/// A message that is being decoded, for those of its fields that are read as they stand (`JSONValue`).
final class JSONMessage: Sendable {
  static let key = CodingUserInfoKey(rawValue: "message")!

  private enum Tree {
    case unread
    case read(JSONValue?)
  }

  private let bytes: [UInt8]
  /// Made when the first field asks: few messages have such a field.
  private let tree = Mutex(Tree.unread)

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// The value that a decoder is at; nil when the message holds something that cannot be read.
  func value(at path: [any CodingKey]) -> JSONValue? {
    let root = tree.withLock { tree in
      if case .read(let root) = tree { return root }
      let root = JSONReader.read(bytes)
      tree = .read(root)
      return root
    }
    return path.reduce(root) { value, key in
      switch value {
      case .object(let fields): fields[key.stringValue]
      case .array(let elements): key.intValue.flatMap { elements.indices.contains($0) ? elements[$0] : nil }
      default: nil
      }
    }
  }
}
