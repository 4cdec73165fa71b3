import Testing

@testable import Media

struct SDESCryptoTests {
  private static let key30 = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
  private static let key28 = "AAECAwQFBgcICQoLDA0OD6ChoqOkpaanqKmqqw=="

  private func crypto(_ attribute: String) throws(SDESError) -> SDESCrypto { try SDESCrypto(attribute) }

  /// From RFC 4568, section 10.1, without its lifetime and key identifier.
  @Test
  func anAttributeIsReadAndWritten() throws {
    let attribute = "1 AES_CM_128_HMAC_SHA1_80 inline:\(Self.key30)"
    let crypto = try crypto(attribute)
    #expect(crypto.tag == 1 && crypto.key.profile == .aes128CMSHA1_80)
    #expect(crypto.key.key == bytes("7744 6676 6726 542b 2978 4737 4066 6235"))
    #expect(crypto.attribute == attribute)
  }

  @Test
  func gcmHasAShorterSaltAndPaddingThatMayBeLeftOut() throws {
    let attribute = "42 AEAD_AES_128_GCM inline:\(Self.key28)"
    let crypto = try crypto(attribute)
    #expect(crypto.key.keyAndSalt == Array(0...15) + Array(0xa0...0xab))
    #expect(crypto.attribute == attribute)
    #expect(try self.crypto(String(attribute.dropLast(2))) == crypto)
  }

  @Test(arguments: [
    " \t inline:KEY", "  inline:KEY|2^48", " inline:KEY|2^20", " inline:KEY|1048576", " inline:KEY WSH=128",
    " inline:KEY -SOMETHING=1 WSH=64",
  ])
  func whatChangesNothingIsAccepted(rest: String) throws {
    let attribute = "999999999 AES_CM_128_HMAC_SHA1_80" + rest.replacing("KEY", with: Self.key30)
    #expect(try crypto(attribute).key.keyAndSalt.count == 30)
  }

  @Test(
    arguments: [
      ("", .malformed), ("1", .malformed), ("1 AES_CM_128_HMAC_SHA1_80", .malformed),
      ("x AES_CM_128_HMAC_SHA1_80 inline:KEY", .malformed), ("-1 AES_CM_128_HMAC_SHA1_80 inline:KEY", .malformed),
      ("1000000000 AES_CM_128_HMAC_SHA1_80 inline:KEY", .malformed),
      ("1 AES_CM_128_HMAC_SHA1_32 inline:KEY", .unsupportedSuite),
      ("1 aes_cm_128_hmac_sha1_80 inline:KEY", .unsupportedSuite),
      ("1 AES_CM_128_HMAC_SHA1_80 uri:KEY", .malformed), ("1 AES_CM_128_HMAC_SHA1_80 INLINE:KEY", .malformed),
      ("1 AEAD_AES_128_GCM inline:KEY", .badKey), ("1 AES_CM_128_HMAC_SHA1_80 inline:", .badKey),
      ("1 AES_CM_128_HMAC_SHA1_80 inline:KEY=", .badKey), ("1 AES_CM_128_HMAC_SHA1_80 inline:KEY====", .badKey),
      ("1 AES_CM_128_HMAC_SHA1_80 inline:*EY", .badKey),
      ("1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^20|1:4", .masterKeyIdentifier),
      ("1 AES_CM_128_HMAC_SHA1_80 inline:KEY|1:4", .masterKeyIdentifier),
      ("1 AES_CM_128_HMAC_SHA1_80 inline:KEY;inline:KEY", .masterKeyIdentifier),
      ("1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^19", .shortLifetime),
      ("1 AES_CM_128_HMAC_SHA1_80 inline:KEY|50000", .shortLifetime),
      ("1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^49", .malformed), ("1 AES_CM_128_HMAC_SHA1_80 inline:KEY|", .malformed),
      ("1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^x", .malformed),
      ("1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^30|2^30", .malformed),
      ("1 AES_CM_128_HMAC_SHA1_80 inline:KEY UNENCRYPTED_SRTP", .unsupportedSessionParameter),
      ("1 AES_CM_128_HMAC_SHA1_80 inline:KEY UNAUTHENTICATED_SRTP", .unsupportedSessionParameter),
      ("1 AES_CM_128_HMAC_SHA1_80 inline:KEY KDR=4", .unsupportedSessionParameter),
      ("1 AES_CM_128_HMAC_SHA1_80 inline:KEY WSH=63", .unsupportedSessionParameter),
      ("1 AES_CM_128_HMAC_SHA1_80 inline:KEY WSH=", .unsupportedSessionParameter),
    ] as [(String, SDESError)])
  func whatIsNotUnderstoodIsRefused(attribute: String, error: SDESError) {
    let attribute = attribute.replacing("KEY", with: Self.key30)
    #expect(throws: error) { try crypto(attribute) }
  }

  @Test
  func aKeyHasOneSpelling() {
    // Bits that do not count, white space, and characters of other alphabets.
    for text in ["AAF=", "AAE", "AA==", "AB==", "A", "A===", "AAAA====", " AAA", "AA A", "AA\n", "AA-_", "ÄÖ", ""] {
      let expected: [UInt8]? =
        switch text {
        case "AAE": [0, 1]
        case "AA==": [0]
        case "": []
        default: nil
        }
      #expect(StrictBase64.decode(text.utf8) == expected, "\(text)")
    }
    var generator = SeededGenerator(seed: 51)
    for length in 0..<100 {
      let bytes = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
      #expect(StrictBase64.decode(StrictBase64.encode(bytes).utf8) == bytes)
    }
  }

  @Test
  func nothingTrapsOnMutatedAttributes() {
    var generator = SeededGenerator(seed: 52)
    let samples = [
      "1 AES_CM_128_HMAC_SHA1_80 inline:\(Self.key30)|2^20|1:4 WSH=128 -X", "42 AEAD_AES_128_GCM inline:\(Self.key28)",
      "inline:\(Self.key30)|2^48;inline:\(Self.key30)",
    ].map { Array($0.utf8) }
    for _ in 0..<20_000 {
      guard let sample = samples.randomElement(using: &generator) else { return }
      SDESCrypto.exercise(mutated(sample, using: &generator).span.bytes)
    }
    SDESCrypto.exercise([UInt8](repeating: 48, count: 100_000).span.bytes)
  }
}
