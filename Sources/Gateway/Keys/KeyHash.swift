import Signing

/// All that is kept of an ephemeral key: SHA-256 of it. Who reads the memory of the server, or a dump of it, finds
/// no key to come in with. Without salt, since nobody tries out 192 random bits.
struct KeyHash: Hashable, Sendable {
  private let digest: [UInt8]

  init(_ key: String) {
    digest = SHA256.hash(Array(key.utf8))
  }

  /// Names a key in logs, lists and counters, and does not give it away: its first 16 hexadecimal digits.
  var keyID: String {
    let digits = Array("0123456789abcdef")
    return String(digest.prefix(8).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
