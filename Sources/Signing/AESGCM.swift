import COpenSSL

/// Encryption that notices any change: AES-256-GCM (NIST SP 800-38D), with a random nonce of 96 bits in front and the tag
/// of 128 bits behind. One key is good for 2^32 messages.
public enum AESGCM {
  /// In bytes.
  public static let keyLength = 32
  /// What sealing adds, in bytes.
  public static let overhead = nonceLength + tagLength
  private static let nonceLength = 12
  private static let tagLength = 16

  /// - Parameters:
  ///   - key: 32 bytes.
  ///   - context: Not encrypted, nor part of the result; opening needs the same.
  public static func seal(_ message: [UInt8], key: [UInt8], context: [UInt8]) -> [UInt8] {
    precondition(key.count == keyLength, "an AES-256 key has 32 bytes")
    var nonce = [UInt8](repeating: 0, count: nonceLength)
    precondition(RAND_bytes(&nonce, CInt(nonceLength)) == 1, "OpenSSL has no random numbers")
    let cipher = EVP_CIPHER_CTX_new()
    defer { EVP_CIPHER_CTX_free(cipher) }
    var (sealed, tag) = ([UInt8](repeating: 0, count: message.count), [UInt8](repeating: 0, count: tagLength))
    var length: CInt = 0
    let done =
      EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1
      && EVP_EncryptUpdate(cipher, nil, &length, context, CInt(context.count)) == 1
      && EVP_EncryptUpdate(cipher, &sealed, &length, message, CInt(message.count)) == 1
      && EVP_EncryptFinal_ex(cipher, nil, &length) == 1
      && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, CInt(tagLength), &tag) == 1
    precondition(done, "OpenSSL has no AES-256-GCM")
    return nonce + sealed + tag
  }

  /// nil for what was not sealed with this key and context, or was changed since.
  public static func open(_ sealed: [UInt8], key: [UInt8], context: [UInt8]) -> [UInt8]? {
    guard key.count == keyLength, sealed.count >= overhead else { return nil }
    let nonce = Array(sealed.prefix(nonceLength))
    let body = Array(sealed[nonceLength..<sealed.count - tagLength])
    var tag = Array(sealed.suffix(tagLength))
    let cipher = EVP_CIPHER_CTX_new()
    defer { EVP_CIPHER_CTX_free(cipher) }
    var message = [UInt8](repeating: 0, count: body.count)
    var length: CInt = 0
    let done =
      EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1
      && EVP_DecryptUpdate(cipher, nil, &length, context, CInt(context.count)) == 1
      && EVP_DecryptUpdate(cipher, &message, &length, body, CInt(body.count)) == 1
      && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, CInt(tagLength), &tag) == 1
      && EVP_DecryptFinal_ex(cipher, nil, &length) == 1
    return done ? message : nil
  }
}
