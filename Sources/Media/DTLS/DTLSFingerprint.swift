import COpenSSL

/// A certificate's fingerprint as SDP carries it: `a=fingerprint:sha-256 4A:AD:…` (RFC 8122, section 5).
public struct DTLSFingerprint: Sendable, Hashable {
  /// The weakest first. MD5 and MD2 must not be used (RFC 8122, section 5).
  public enum HashAlgorithm: String, Sendable, CaseIterable, Comparable {
    case sha1 = "sha-1"
    case sha256 = "sha-256"
    case sha384 = "sha-384"
    case sha512 = "sha-512"

    /// Of a digest, in bytes.
    public var length: Int {
      switch self {
      case .sha1: 20
      case .sha256: 32
      case .sha384: 48
      case .sha512: 64
      }
    }

    public static func < (a: HashAlgorithm, b: HashAlgorithm) -> Bool { a.length < b.length }

    fileprivate var method: OpaquePointer? {
      switch self {
      case .sha1: EVP_sha1()
      case .sha256: EVP_sha256()
      case .sha384: EVP_sha384()
      case .sha512: EVP_sha512()
      }
    }
  }

  public let algorithm: HashAlgorithm
  public let digest: [UInt8]

  /// Nil when the digest is not of the algorithm's length.
  public init?(algorithm: HashAlgorithm, digest: [UInt8]) {
    guard digest.count == algorithm.length else { return nil }
    self.algorithm = algorithm
    self.digest = digest
  }

  /// Of a certificate in DER.
  public init(ofCertificate certificate: [UInt8], algorithm: HashAlgorithm = .sha256) {
    self.algorithm = algorithm
    digest = [UInt8](unsafeUninitializedCapacity: algorithm.length) { buffer, count in
      let hashed = EVP_Digest(certificate, certificate.count, buffer.baseAddress, nil, algorithm.method, nil)
      if hashed != 1 { buffer.initialize(repeating: 0) }
      count = algorithm.length
    }
  }

  /// Reads the attribute's value, the hash function's name in any case. Nil for an unknown function, which the
  /// caller skips, and for what is not pairs of hexadecimal digits with colons between.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: " ", omittingEmptySubsequences: true)
    guard parts.count == 2, let algorithm = HashAlgorithm(rawValue: parts[0].lowercased()) else { return nil }
    let digits = Array(parts[1].utf8)
    guard digits.count == algorithm.length * 3 - 1 else { return nil }
    var digest: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 3) {
      guard let high = Self.value(digits[index]), let low = Self.value(digits[index + 1]),
        index + 2 == digits.count || digits[index + 2] == UInt8(ascii: ":")
      else { return nil }
      digest.append(high << 4 | low)
    }
    self.init(algorithm: algorithm, digest: digest)
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}

extension DTLSFingerprint: CustomStringConvertible {
  /// The attribute's value: `sha-256 4A:AD:…`, in upper case as RFC 8122 wants it.
  public var description: String {
    let hex = Array("0123456789ABCDEF")
    return "\(algorithm.rawValue) "
      + digest.map { String([hex[Int($0 >> 4)], hex[Int($0 & 15)]]) }.joined(separator: ":")
  }
}

extension DTLSFingerprint {
  /// Whether `certificate` (DER) is one that `announced` names.
  ///
  /// Of several fingerprints those with the strongest hash function count, and any of them will do (RFC 8122,
  /// section 5). So SHA-1 is believed only where the peer announced nothing better, as browsers do. Without any
  /// fingerprint nobody is believed. The time it takes does not tell how many bytes were right.
  public static func verify(certificate: [UInt8], announced: [DTLSFingerprint]) -> Bool {
    guard let strongest = announced.map(\.algorithm).max() else { return false }
    let actual = DTLSFingerprint(ofCertificate: certificate, algorithm: strongest)
    var matches = false
    for fingerprint in announced where fingerprint.algorithm == strongest {
      let equal = CRYPTO_memcmp(fingerprint.digest, actual.digest, strongest.length) == 0
      matches = matches || equal
    }
    return matches
  }
}
