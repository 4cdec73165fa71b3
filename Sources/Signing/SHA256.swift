import COpenSSL

/// SHA-256 (FIPS 180-4).
public enum SHA256 {
  /// In bytes.
  public static let length = 32

  /// 32 bytes.
  public static func hash(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: length) { digest, count in
      let done = EVP_Digest(bytes, bytes.count, digest.baseAddress, nil, EVP_sha256(), nil)
      precondition(done == 1, "OpenSSL has no SHA-256")
      count = length
    }
  }

  /// 64 characters, `0`...`9` and `a`...`f`.
  public static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: hash(bytes).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// With padding (RFC 4648 section 4).
  public static func base64(_ bytes: [UInt8]) -> String {
    Base64.encode(hash(bytes))
  }
}
