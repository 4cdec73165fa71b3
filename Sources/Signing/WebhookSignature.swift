/// Signs requests as Standard Webhooks (standardwebhooks.com) says, which OpenAI's webhooks follow too: the
/// HMAC-SHA256 of `id.timestamp.body`.
public struct WebhookSignature: Sendable {
  private static let prefix = "whsec_"
  private static let version = "v1,"

  private let key: [UInt8]

  /// - Parameter secret: `whsec_` and the key in base64; the bytes of any other text are the key.
  public init(secret: String) {
    let encoded = secret.hasPrefix(Self.prefix) ? secret.dropFirst(Self.prefix.count) : ""
    if !encoded.isEmpty, let decoded = Base64.decode(encoded) {
      key = decoded
    } else {
      key = Array(secret.utf8)
    }
  }

  /// What identifies and signs one attempt to deliver `body`, as HTTP headers.
  ///
  /// - Parameters:
  ///   - id: Of the message: the same at each attempt. Characters of a header value, without `.`.
  ///   - timestamp: Of the attempt, in seconds since 1970. Receivers refuse what is minutes old.
  public func headers(id: String, timestamp: Int, body: [UInt8]) -> [(String, String)] {
    [
      ("webhook-id", id), ("webhook-timestamp", "\(timestamp)"),
      ("webhook-signature", Self.version + Base64.encode(code(id, timestamp, body))),
    ]
  }

  /// Whether `signature` is that of the message. How old it may be is for the caller to say.
  ///
  /// - Parameter signature: The value of `webhook-signature`: one or more signatures with spaces between, of which
  ///   one has to match.
  public func verifies(_ signature: String, id: String, timestamp: Int, body: [UInt8]) -> Bool {
    let expected = code(id, timestamp, body)
    return signature.split(separator: " ").contains { candidate in
      guard candidate.hasPrefix(Self.version), let found = Base64.decode(candidate.dropFirst(Self.version.count))
      else { return false }
      return ConstantTime.isEqual(found, expected)
    }
  }

  private func code(_ id: String, _ timestamp: Int, _ body: [UInt8]) -> [UInt8] {
    HMACSHA256.authenticate(Array("\(id).\(timestamp).".utf8) + body, key: key)
  }
}
