import Signing

/// All that is kept of an ephemeral key: SHA-256 of it. Who reads the memory of the server, or a dump of it, finds
/// no key to come in with. Without salt, since nobody tries out 192 random bits.
struct KeyHash: Hashable, Sendable {
  private let digits: String

  init(_ key: String) {
    digits = SHA256.hexadecimal(Array(key.utf8))
  }

  /// Names a key in logs, lists and counters, and does not give it away: its first 16 hexadecimal digits.
  var keyID: String { String(digits.prefix(16)) }
}
