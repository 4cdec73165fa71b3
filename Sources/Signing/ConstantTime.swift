import COpenSSL

/// Comparison of secrets.
public enum ConstantTime {
  /// Whether `a` and `b` are the same. The time it takes tells nothing of their content, only whether they are
  /// of one length.
  public static func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
  }
}
