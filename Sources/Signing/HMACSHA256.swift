import COpenSSL

/// HMAC with SHA-256 (RFC 2104, RFC 4231).
public enum HMACSHA256 {
  /// 32 bytes.
  ///
  /// - Parameter key: Of any length; fewer than 32 bytes are weaker than the hash.
  public static func authenticate(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: SHA256.length) { code, count in
      let done = HMAC(EVP_sha256(), key, CInt(clamping: key.count), message, message.count, code.baseAddress, nil)
      precondition(done != nil, "OpenSSL has no HMAC-SHA-256")
      count = SHA256.length
    }
  }

  /// With padding (RFC 4648 section 4).
  public static func base64(_ message: [UInt8], key: [UInt8]) -> String {
    Base64.encode(authenticate(message, key: key))
  }
}
