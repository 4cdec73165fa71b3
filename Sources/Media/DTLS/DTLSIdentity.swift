import COpenSSL

/// A self-signed certificate with its key, and OpenSSL's context of them. Made once a process, or once in a while;
/// all connections share it, on any thread.
///
/// A new process that is to be the same peer is given the same two byte strings.
public final class DTLSIdentity: Sendable {
  /// X.509, DER.
  public let certificate: [UInt8]
  /// DER. A secret.
  public let privateKey: [UInt8]
  /// SHA-256 of the certificate, for the SDP.
  public let fingerprint: DTLSFingerprint
  /// An `SSL_CTX`. It is configured here and read-only afterwards; its reference count and the caches inside are
  /// locked by OpenSSL itself, which allows `SSL_new` from any thread.
  nonisolated(unsafe) let context: OpaquePointer

  /// A fresh ECDSA P-256 key and a certificate of it. About 0.1 ms.
  ///
  /// - Parameters:
  ///   - notBefore: Seconds since 1970. Peers go by the fingerprint, and seldom look at the times.
  ///   - notAfter: Likewise.
  ///   - profiles: As for `init`.
  public static func generate(
    notBefore: Int64, notAfter: Int64, profiles: [SRTPProfile] = SRTPProfile.allCases
  ) throws(DTLSError) -> DTLSIdentity {
    OpenSSLErrors.clear()
    guard let key = viva_EVP_EC_gen_P256() else { throw .library(OpenSSLErrors.take()) }
    defer { EVP_PKEY_free(key) }
    guard let certificate = X509_new() else { throw .library(OpenSSLErrors.take()) }
    defer { X509_free(certificate) }

    var serial: UInt64 = 0
    // X509_set_version counts from 0: this is version 3.
    guard RAND_bytes(&serial, 8) == 1, X509_set_version(certificate, 2) == 1,
      // Positive, and never zero.
      ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1 | 1) == 1,
      ASN1_TIME_set(X509_getm_notBefore(certificate), time_t(notBefore)) != nil,
      ASN1_TIME_set(X509_getm_notAfter(certificate), time_t(notAfter)) != nil,
      X509_set_pubkey(certificate, key) == 1,
      let name = X509_get_subject_name(certificate),
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, "Viva", -1, -1, 0) == 1,
      X509_set_issuer_name(certificate, name) == 1,
      X509_sign(certificate, key, EVP_sha256()) > 0
    else { throw .library(OpenSSLErrors.take()) }
    return try DTLSIdentity(
      certificate: bytes { i2d_X509(certificate, $0) }, privateKey: bytes { i2d_PrivateKey(key, $0) },
      profiles: profiles)
  }

  /// - Parameters:
  ///   - certificate: X.509, DER.
  ///   - privateKey: DER, PKCS #8 or the traditional form.
  ///   - profiles: To offer and to accept, the preferred one first. None is no `use_srtp` at all.
  /// - Throws: `.badIdentity` when they cannot be read or are not of each other.
  public init(
    certificate: [UInt8], privateKey: [UInt8], profiles: [SRTPProfile] = SRTPProfile.allCases
  ) throws(DTLSError) {
    OpenSSLErrors.clear()
    context = try DTLSContext.make(certificate: certificate, privateKey: privateKey, profiles: profiles)
    self.certificate = certificate
    self.privateKey = privateKey
    fingerprint = DTLSFingerprint(ofCertificate: certificate)
  }

  deinit {
    SSL_CTX_free(context)
  }

  /// Runs one of OpenSSL's i2d functions twice: for the length, then for the bytes.
  private static func bytes(_ write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8] {
    let length = Int(write(nil))
    guard length > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
      var cursor = buffer.baseAddress
      count = max(0, Int(write(&cursor)))
    }
  }
}

extension DTLSIdentity: CustomStringConvertible, CustomReflectable {
  public var description: String { "DTLSIdentity(\(fingerprint))" }
  public var customMirror: Mirror { Mirror(self, children: ["fingerprint": fingerprint]) }
}
