import COpenSSL

/// Session keys from a master key (RFC 3711, section 4.3; RFC 7714, section 11), with a key derivation rate of zero.
enum SRTPKeyDerivation {
  enum Label: UInt8 {
    case rtpEncryption, rtpAuthentication, rtpSalt, rtcpEncryption, rtcpAuthentication, rtcpSalt
  }

  /// - Returns: `length` bytes.
  static func derive(_ master: SRTPMasterKey, _ label: Label, length: Int) throws(SRTPError) -> [UInt8] {
    // A salt of 12 bytes is filled up with zeros behind.
    var counter = [UInt8](repeating: 0, count: 16)
    for (index, byte) in master.salt.enumerated() { counter[index] = byte }
    counter[7] ^= label.rawValue

    guard let context = EVP_CIPHER_CTX_new() else { throw .library }
    defer { EVP_CIPHER_CTX_free(context) }
    let zeros = [UInt8](repeating: 0, count: length)
    var output = zeros
    var written: CInt = 0
    guard EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), nil, master.key, counter) == 1,
      EVP_EncryptUpdate(context, &output, &written, zeros, CInt(length)) == 1, Int(written) == length
    else { throw .library }
    return output
  }
}
