import COpenSSL

/// A certificate chain and its private key, read from PEM files and found to belong together.
final class Certificate {
  /// What OpenSSL says is wrong.
  struct Unusable: Error { var reason: String }

  /// Serves nobody: it only reads the files and holds what was in them.
  private let context: OpaquePointer

  /// Reads each file once, so that what was checked is what is used, even when they are being replaced.
  init(_ files: FrontDoor.Configuration.Listener.TLS) throws(Unusable) {
    // libwebsockets takes what is left in the thread's queue of errors for its own.
    ERR_clear_error()
    defer { ERR_clear_error() }
    guard let context = SSL_CTX_new(TLS_server_method()) else { throw Self.lastError(for: "no memory") }
    // OpenSSL would ask the terminal for the passphrase of an encrypted key.
    SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in 0 }
    guard SSL_CTX_use_certificate_chain_file(context, files.certificateFile) == 1 else {
      defer { SSL_CTX_free(context) }
      throw Self.lastError(for: files.certificateFile)
    }
    // It refuses a key that is not the certificate's.
    guard SSL_CTX_use_PrivateKey_file(context, files.privateKeyFile, SSL_FILETYPE_PEM) == 1,
      SSL_CTX_check_private_key(context) == 1
    else {
      defer { SSL_CTX_free(context) }
      throw Self.lastError(for: files.privateKeyFile)
    }
    self.context = context
  }

  deinit { SSL_CTX_free(context) }

  /// Has a connection, in its handshake, show this certificate and no other. The connection keeps it alive.
  func present(in connection: OpaquePointer) -> Bool {
    var chain: OpaquePointer?
    SSL_CTX_ctrl(context, SSL_CTRL_GET_CHAIN_CERTS, 0, &chain)
    SSL_certs_clear(connection)  // one of another kind of key would stay beside it
    return SSL_use_cert_and_key(
      connection, SSL_CTX_get0_certificate(context), SSL_CTX_get0_privatekey(context), chain, 1) == 1
  }

  private static func lastError(for file: String) -> Unusable {
    var text = [CChar](repeating: 0, count: 256)
    ERR_error_string_n(ERR_peek_last_error(), &text, text.count)
    let end = text.firstIndex(of: 0) ?? text.count
    return Unusable(reason: "\(file): \(String(decoding: text[..<end].map(UInt8.init(bitPattern:)), as: UTF8.self))")
  }
}
