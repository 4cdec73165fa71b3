import COpenSSL

/// What all connections have in common: an `SSL_CTX` for DTLS 1.2 in both roles.
enum DTLSContext {
  /// ECDSA first, as all browsers have it; RSA for gateways whose own certificate is RSA when Viva is the client.
  /// All are AES-GCM, which `DTLSRecord.sealLength` counts on.
  private static let ciphers = """
    ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
    ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384
    """
  /// Of the peer's certificates and of any other handshake message, in bytes. OpenSSL keeps up to ten messages that
  /// came ahead of their turn, each as long as its header claims up to this (its default of 100 KB would be a
  /// megabyte a peer, CVE-2016-2179's kind).
  static let maximumMessage = 16 << 10

  static func make(
    certificate: [UInt8], privateKey: [UInt8], profiles: [SRTPProfile]
  ) throws(DTLSError) -> OpaquePointer {
    guard let context = SSL_CTX_new(DTLS_method()) else { throw .library(OpenSSLErrors.take()) }
    do throws(DTLSError) {
      try install(certificate, privateKey, in: context)
      try configure(context, profiles)
    } catch {
      SSL_CTX_free(context)
      throw error
    }
    return context
  }

  private static func install(
    _ certificate: [UInt8], _ privateKey: [UInt8], in context: OpaquePointer
  ) throws(DTLSError) {
    guard SSL_CTX_use_certificate_ASN1(context, Int32(clamping: certificate.count), certificate) == 1 else {
      throw .badIdentity(OpenSSLErrors.take())
    }
    let key = privateKey.withUnsafeBufferPointer { buffer in
      var cursor = buffer.baseAddress
      return d2i_AutoPrivateKey(nil, &cursor, buffer.count)
    }
    guard let key else { throw .badIdentity(OpenSSLErrors.take()) }
    defer { EVP_PKEY_free(key) }
    guard SSL_CTX_use_PrivateKey(context, key) == 1, SSL_CTX_check_private_key(context) == 1 else {
      throw .badIdentity(OpenSSLErrors.take())
    }
  }

  private static func configure(_ context: OpaquePointer, _ profiles: [SRTPProfile]) throws(DTLSError) {
    SSL_CTX_set_options(
      context,
      viva_SSL_OP_NO_QUERY_MTU() | viva_SSL_OP_NO_TICKET() | viva_SSL_OP_NO_RENEGOTIATION()
        | viva_SSL_OP_NO_COMPRESSION() | viva_SSL_OP_CIPHER_SERVER_PREFERENCE())
    _ = viva_SSL_CTX_set_session_cache_mode(context, Int(SSL_SESS_CACHE_OFF))
    _ = viva_SSL_CTX_set_max_cert_list(context, maximumMessage)
    // Both sides show a certificate. Whose it is, the fingerprint says after the handshake; no chain is built here.
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    SSL_CTX_set_cert_verify_callback(context, { _, _ in 1 }, nil)
    guard viva_SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1,
      SSL_CTX_set_cipher_list(context, ciphers) == 1,
      viva_SSL_CTX_set1_groups_list(context, "X25519:P-256") == 1
    else { throw .library(OpenSSLErrors.take()) }
    guard !profiles.isEmpty else { return }
    // Unlike its neighbours this one returns 0 for success.
    guard SSL_CTX_set_tlsext_use_srtp(context, profiles.map(\.opensslName).joined(separator: ":")) == 0 else {
      throw .library(OpenSSLErrors.take())
    }
  }
}
