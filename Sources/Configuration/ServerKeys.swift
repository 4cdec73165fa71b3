/// The keys that let a client in.
///
/// No description of it shows a key.
public struct ServerKeys: Sendable {
  /// A longer key is refused, so each comparison costs the same.
  static let maximumBytes = 256
  static let allowed = "8 to \(maximumBytes) ASCII characters without spaces and commas"

  private struct Key {
    /// Padded with zeros to `maximumBytes`.
    var bytes: [UInt8]
    var count: Int

    init(_ text: String) {
      let utf8 = Array(text.utf8.prefix(ServerKeys.maximumBytes))
      bytes = utf8 + [UInt8](repeating: 0, count: ServerKeys.maximumBytes - utf8.count)
      count = text.utf8.count
    }
  }

  private let keys: [Key]
  /// One of the keys, for the address of the page that is printed at the start; nil if there is none.
  public let first: String?
  /// The key file that was made with a fresh key just now, if one was.
  public let createdFile: String?
  /// What the operator should know, for the log. Names files, never keys.
  public let warnings: [String]

  /// Keys given directly. Without any, nothing is authorised.
  public init(keys: [String]) {
    self.init(keys: keys, createdFile: nil, warnings: [])
  }

  /// The keys of the settings and of the key file. When there is none at all, makes the file with a fresh key.
  ///
  /// Blocks for disk; call it at start only.
  /// - Throws: when the file cannot be read or made, or holds something that is not a key.
  public init(loading server: ServerSettings) throws(ConfigurationErrors) {
    guard let path = server.keyFile else {
      self.init(keys: server.keys)
      return
    }
    let file = KeyFile(path: path)
    if let contents = try file.read() {
      self.init(keys: server.keys + contents.keys, createdFile: nil, warnings: contents.warnings)
    } else if server.keys.isEmpty {
      let key = Self.fresh()
      try file.create(holding: key)
      self.init(keys: [key], createdFile: path, warnings: [])
    } else {
      self.init(keys: server.keys)
    }
  }

  private init(keys: [String], createdFile: String?, warnings: [String]) {
    self.keys = keys.map(Key.init)
    self.first = keys.first
    self.createdFile = createdFile
    self.warnings = warnings
  }

  /// Whether `presented` is one of the keys. The time it takes does not tell which bytes were right, nor which
  /// key; only that `presented` is longer than any key may be.
  public func authorises(_ presented: String) -> Bool {
    guard presented.utf8.count <= Self.maximumBytes else { return false }
    let presented = Key(presented)
    var found: UInt8 = 0
    for key in keys {
      var difference = UInt(bitPattern: key.count ^ presented.count)
      for index in 0..<Self.maximumBytes {
        difference |= UInt(key.bytes[index] ^ presented.bytes[index])
      }
      // 1 if there is no difference, without a branch.
      found |= UInt8(truncatingIfNeeded: (~difference & (difference &- 1)) >> (UInt.bitWidth - 1))
    }
    return found == 1
  }

  /// A key of 192 random bits from the system, fit for URLs and header fields.
  static func fresh() -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    var generator = SystemRandomNumberGenerator()
    return "sk-viva-" + String((0..<32).map { _ in alphabet[Int(generator.next() & 63 as UInt64)] })
  }

  /// Whether `key` can be presented in an `Authorization` header and in a list of sub-protocols.
  static func isValid(_ key: String) -> Bool {
    (8...maximumBytes).contains(key.utf8.count)
      && key.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ",") }
  }
}

extension ServerKeys: CustomStringConvertible, CustomReflectable {
  public var description: String { "ServerKeys(\(keys.count) redacted)" }
  public var customMirror: Mirror { Mirror(self, children: ["count": keys.count]) }
}
