import Testing

@testable import Media

struct SRTPVectorTests {
  private let rtp = bytes("800f1234 decafbad cafebabe abababab abababab abababab abababab")
  private let rtcp = bytes("81c8000b cafebabe abababab abababab abababab abababab")

  private func key(_ profile: SRTPProfile, _ hex: String) throws -> SRTPMasterKey {
    try #require(SRTPMasterKey(profile: profile, keyAndSalt: bytes(hex)))
  }

  @Test("RFC 3711, appendix B.3: key derivation")
  func keysAreDerived() throws {
    let master = try key(
      .aes128CMSHA1_80, "E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6")
    #expect(
      try SRTPKeyDerivation.derive(master, .rtpEncryption, length: 16) == bytes("C61E7A93744F39EE10734AFE3FF7A087"))
    #expect(try SRTPKeyDerivation.derive(master, .rtpSalt, length: 14) == bytes("30CBBC08863D8C85D49DB34A9AE1"))
    #expect(
      try SRTPKeyDerivation.derive(master, .rtpAuthentication, length: 94)
        == bytes(
          """
          CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE
          E049646C43D9327AD175578EF7227098 6371C10C9A369AC2F94A8C5FBCDDDC25
          6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2
          """))
  }

  @Test("RFC 3711, appendix B.2: the key stream of a session key")
  func theKeyStreamIsTheRFCs() throws {
    // RTCP of zeros with SSRC 0 and index 0 shows the key stream.
    let encryptor = try SRTCPEncryptor(
      .aes128CMSHA1_80, key: bytes("2B7E151628AED2A6ABF7158809CF4F3C"), salt: bytes("F0F1F2F3F4F5F6F7F8F9FAFBFCFD"),
      authenticationKey: [UInt8](repeating: 0, count: 20))
    let output = try protect(encryptor, [UInt8](repeating: 0, count: 8 + 48), index: 0)
    #expect(
      Array(output[8..<56])
        == bytes(
          "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0"))
  }

  @Test("RFC 7714, section 17.1: SRTCP with AEAD_AES_128_GCM")
  func theRFCsRTCPIsEncrypted() throws {
    let encryptor = try SRTCPEncryptor(
      .aeadAES128GCM, key: bytes("000102030405060708090a0b0c0d0e0f"), salt: bytes("5175696420 70726f2071756f"),
      authenticationKey: [])
    let plain = bytes(
      """
      81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef
      deadbeef
      """)
    #expect(
      try protect(encryptor, plain, index: 0x5d4)
        == bytes(
          """
          81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded
          0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4
          """))
  }

  /// The reference packets of libsrtp's own tests, with the master key of RFC 3711's appendix B.3.
  @Test
  func aKnownPacketOfCounterModeIsMadeAndRead() throws {
    let key = try key(.aes128CMSHA1_80, "e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6")
    let protectedRTP = bytes(
      "800f1234 decafbad cafebabe 4e55dc4c e79978d8 8ca4d215 949d2402 b78d6acc 99ea179b 8dbb")
    let protectedRTCP = bytes(
      "81c8000b cafebabe 7128035b e487b9bd bef89041 f977a5a8 80000001 993e08cd 54d6c123 0798")
    try check(key, protectedRTP, protectedRTCP)
  }

  /// The reference packets of libsrtp's own tests.
  @Test
  func aKnownPacketOfGCMIsMadeAndRead() throws {
    let key = try key(.aeadAES128GCM, "000102030405060708090a0b0c0d0e0f a0a1a2a3a4a5a6a7a8a9aaab")
    let protectedRTP = bytes(
      "800f1234 decafbad cafebabe c5002ede 04cfdd2e b91159e0 880aa06e d2976826 f796b201 df3131a1 27e8a392")
    let protectedRTCP = bytes(
      "81c8000b cafebabe c98b8b5d f0392a55 852b6c21 ac8e7025 c52c6fbe a2b3b446 ea31123b a88ce61e 80000001")
    try check(key, protectedRTP, protectedRTCP)
  }

  private func check(_ key: SRTPMasterKey, _ protectedRTP: [UInt8], _ protectedRTCP: [UInt8]) throws {
    var sender = try sender(key, ssrc: 0xcafe_babe, at: 0x1234)
    #expect(try required(sender.protect(rtp)) == protectedRTP)
    #expect(try required(sender.protectRTCP(rtcp)) == protectedRTCP)
    var receiver = try SRTPReceiver(key)
    #expect(try required(receiver.unprotect(protectedRTP)) == rtp)
    #expect(try required(receiver.unprotectRTCP(protectedRTCP)) == rtcp)
  }

  private func protect(_ encryptor: borrowing SRTCPEncryptor, _ packet: [UInt8], index: UInt32) throws -> [UInt8] {
    var buffer = packet + [UInt8](repeating: 0, count: 20)
    var span = buffer.mutableSpan
    var bytes = span.mutableBytes
    let length = try encryptor.protect(&bytes, length: packet.count, index: index)
    return Array(buffer.prefix(length))
  }
}
