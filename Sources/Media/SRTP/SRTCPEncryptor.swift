import COpenSSL

/// Encrypts RTCP with an index that the caller chooses (RFC 3711, section 3.4; RFC 7714, section 9).
///
/// libsrtp counts the index from 1 in each process and has no way to set it, so after a restart it would encrypt with
/// indices that were used before. Only this one of the four directions is done here; libsrtp at the other end is what
/// it is tested against.
struct SRTCPEncryptor: ~Copyable {
  private static let indexLength = 4

  private let profile: SRTPProfile
  private let context: OpaquePointer
  /// 16 bytes, with zeros behind the session salt.
  private let salt: [UInt8]
  /// Empty with GCM.
  private let authenticationKey: [UInt8]

  init(_ master: SRTPMasterKey) throws(SRTPError) {
    try self.init(
      master.profile,
      key: SRTPKeyDerivation.derive(master, .rtcpEncryption, length: master.profile.keyLength),
      salt: SRTPKeyDerivation.derive(master, .rtcpSalt, length: master.profile.saltLength),
      authenticationKey: master.profile == .aeadAES128GCM
        ? [] : SRTPKeyDerivation.derive(master, .rtcpAuthentication, length: 20))
  }

  /// With session keys.
  init(
    _ profile: SRTPProfile, key: [UInt8], salt: [UInt8], authenticationKey: [UInt8]
  ) throws(SRTPError) {
    guard let context = EVP_CIPHER_CTX_new() else { throw .library }
    let cipher =
      switch profile {
      case .aeadAES128GCM: EVP_aes_128_gcm()
      case .aes128CMSHA1_80: EVP_aes_128_ctr()
      }
    guard EVP_EncryptInit_ex(context, cipher, nil, key, nil) == 1 else {
      EVP_CIPHER_CTX_free(context)
      throw .library
    }
    self.profile = profile
    self.context = context
    self.salt = salt + [UInt8](repeating: 0, count: 16 - salt.count)
    self.authenticationKey = authenticationKey
  }

  deinit {
    EVP_CIPHER_CTX_free(context)
  }

  /// - Parameter buffer: Begins with a compound of `length` bytes, at least 8, and has room for index and tag.
  /// - Parameter index: 31 bits, used once with this key.
  /// - Returns: The length to send.
  func protect(_ buffer: inout MutableRawSpan, length: Int, index: UInt32) throws(SRTPError) -> Int {
    guard length >= 8, buffer.byteCount >= length + profile.rtcpOverhead, index >> 31 == 0 else { throw .noRoom }
    let ssrc = buffer.bytes.uint32(at: 4)
    let done =
      switch profile {
      case .aeadAES128GCM: encryptGCM(&buffer, length, ssrc, index)
      case .aes128CMSHA1_80: encryptCM(&buffer, length, ssrc, index)
      }
    guard done else { throw .library }
    return length + profile.rtcpOverhead
  }

  /// Header, ciphertext, tag, index. The header and the index are authenticated too.
  private func encryptGCM(
    _ buffer: inout MutableRawSpan, _ length: Int, _ ssrc: UInt32, _ index: UInt32
  ) -> Bool {
    let nonce = saltedNonce(ssrc, at: 2, index, at: 8)
    let trailer = length + profile.authenticationTagLength
    buffer.store(0x8000_0000 | index, at: trailer)
    return buffer.withUnsafeMutableBytes { bytes in
      guard let start = bytes.assumingMemoryBound(to: UInt8.self).baseAddress else { return false }
      var written: CInt = 0
      return setNonce(nonce)
        && EVP_EncryptUpdate(context, nil, &written, start, 8) == 1
        && EVP_EncryptUpdate(context, nil, &written, start + trailer, CInt(Self.indexLength)) == 1
        && EVP_EncryptUpdate(context, start + 8, &written, start + 8, CInt(length - 8)) == 1
        && EVP_EncryptFinal_ex(context, start + length, &written) == 1
        && EVP_CIPHER_CTX_ctrl(
          context, EVP_CTRL_GCM_GET_TAG, CInt(profile.authenticationTagLength), start + length) == 1
    }
  }

  /// Header, ciphertext, index, tag.
  private func encryptCM(
    _ buffer: inout MutableRawSpan, _ length: Int, _ ssrc: UInt32, _ index: UInt32
  ) -> Bool {
    let counter = saltedNonce(ssrc, at: 4, index, at: 10)
    buffer.store(0x8000_0000 | index, at: length)
    let authenticated = length + Self.indexLength
    return buffer.withUnsafeMutableBytes { bytes in
      guard let start = bytes.assumingMemoryBound(to: UInt8.self).baseAddress else { return false }
      var written: CInt = 0
      guard setNonce(counter), EVP_EncryptUpdate(context, start + 8, &written, start + 8, CInt(length - 8)) == 1 else {
        return false
      }
      var digest = InlineArray<20, UInt8>(repeating: 0)
      var digestLength: UInt32 = 0
      var digestBytes = digest.mutableSpan
      let hashed = digestBytes.withUnsafeMutableBufferPointer {
        HMAC(
          EVP_sha1(), authenticationKey, CInt(authenticationKey.count), start, authenticated, $0.baseAddress,
          &digestLength) != nil
      }
      guard hashed, digestLength == 20 else { return false }
      for offset in 0..<profile.authenticationTagLength { start[authenticated + offset] = digest[offset] }
      return true
    }
  }

  private func setNonce(_ nonce: InlineArray<16, UInt8>) -> Bool {
    nonce.span.withUnsafeBufferPointer { EVP_EncryptInit_ex(context, nil, nil, nil, $0.baseAddress) == 1 }
  }

  private func saltedNonce(
    _ ssrc: UInt32, at ssrcOffset: Int, _ index: UInt32, at indexOffset: Int
  ) -> InlineArray<16, UInt8> {
    var nonce = InlineArray<16, UInt8> { salt[$0] }
    for byte in 0..<4 {
      nonce[ssrcOffset + byte] ^= UInt8(truncatingIfNeeded: ssrc >> (24 - 8 * byte))
      nonce[indexOffset + byte] ^= UInt8(truncatingIfNeeded: index >> (24 - 8 * byte))
    }
    return nonce
  }
}
