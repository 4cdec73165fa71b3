import COpenSSL

/// A key of MESSAGE-INTEGRITY (RFC 8489, section 14.5): HMAC-SHA1 (RFC 2104).
///
/// The two blocks that the key fills are hashed once, and a message starts from copies of what they left, on the
/// stack. That halves the work, and nothing is allocated for a message; OpenSSL's own HMAC allocates at each.
public struct MessageIntegrityKey: Sendable {
  typealias Code = InlineArray<20, UInt8>

  private static let blockByteCount = 64

  private let inner: SHA_CTX
  private let outer: SHA_CTX

  /// - Parameter key: In ICE the password of the side that gets the request (RFC 8445, section 7.2.2).
  public init(_ key: [UInt8]) {
    let short = key.count <= Self.blockByteCount ? key : Self.hash(key)
    let block = short + [UInt8](repeating: 0, count: Self.blockByteCount - short.count)
    inner = Self.midstate(block.map { $0 ^ 0x36 })
    outer = Self.midstate(block.map { $0 ^ 0x5C })
  }

  /// Of `message` up to `offset`, with a header which says that the message ends with a MESSAGE-INTEGRITY there.
  /// `offset` has to be within the message and behind the header.
  func code(of message: RawSpan, upTo offset: Int) -> Code {
    var context = inner
    let length = UInt16(truncatingIfNeeded: offset &+ STUNMessage.integrityByteCount &- STUNMessage.headerByteCount)
    var start = (UInt32(message.uint16(at: 0)) << 16 | UInt32(length)).bigEndian
    viva_sha1_update(&context, &start, 4)
    message.extracting(4..<offset).withUnsafeBytes { viva_sha1_update(&context, $0.baseAddress, $0.count) }
    var code = Code(repeating: 0)
    withUnsafeMutableBytes(of: &code) { code in
      let bytes = code.baseAddress!.assumingMemoryBound(to: UInt8.self)
      viva_sha1_final(&context, bytes)
      context = outer
      viva_sha1_update(&context, bytes, code.count)
      viva_sha1_final(&context, bytes)
    }
    return code
  }

  /// Whether `message` has `code(of:upTo:)` at `valueOffset`, compared in constant time.
  func matches(_ message: RawSpan, upTo offset: Int, valueAt valueOffset: Int) -> Bool {
    let code = code(of: message, upTo: offset)
    return message.extracting(valueOffset..<valueOffset + Code.count).withUnsafeBytes { found in
      withUnsafeBytes(of: code) { CRYPTO_memcmp($0.baseAddress, found.baseAddress, Code.count) == 0 }
    }
  }

  private static func midstate(_ block: [UInt8]) -> SHA_CTX {
    var context = SHA_CTX()
    viva_sha1_init(&context)
    viva_sha1_update(&context, block, block.count)
    return context
  }

  private static func hash(_ key: [UInt8]) -> [UInt8] {
    var context = midstate(key)
    return [UInt8](unsafeUninitializedCapacity: Code.count) { digest, count in
      viva_sha1_final(&context, digest.baseAddress)
      count = Code.count
    }
  }
}

extension MessageIntegrityKey: CustomStringConvertible, CustomReflectable {
  public var description: String { "MessageIntegrityKey(hidden)" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
