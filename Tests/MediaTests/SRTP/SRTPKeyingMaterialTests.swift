import Foundation
import Media
import Testing

struct SRTPKeyingMaterialTests {
  /// Client keys are 1, server keys 2, client salts 3, server salts 4.
  private func exported(_ profile: SRTPProfile) -> [UInt8] {
    [UInt8](repeating: 1, count: profile.keyLength) + [UInt8](repeating: 2, count: profile.keyLength)
      + [UInt8](repeating: 3, count: profile.saltLength) + [UInt8](repeating: 4, count: profile.saltLength)
  }

  @Test(arguments: SRTPProfile.allCases)
  func theExportedBlockIsSplitByRole(profile: SRTPProfile) throws {
    let client = try #require(
      SRTPKeyingMaterial(profile: profile, exported: exported(profile), localIsClient: true))
    #expect(client.local.key == [UInt8](repeating: 1, count: 16))
    #expect(client.local.salt == [UInt8](repeating: 3, count: profile.saltLength))
    #expect(client.remote.key == [UInt8](repeating: 2, count: 16))
    #expect(client.remote.salt == [UInt8](repeating: 4, count: profile.saltLength))

    let server = try #require(
      SRTPKeyingMaterial(profile: profile, exported: exported(profile), localIsClient: false))
    #expect(server.local == client.remote)
    #expect(server.remote == client.local)
  }

  @Test(arguments: SRTPProfile.allCases)
  func aBlockOfAnotherLengthIsRefused(profile: SRTPProfile) {
    let block = exported(profile)
    for length in 0...block.count + 2 where length != block.count {
      let bytes = Array((block + [0, 0]).prefix(length))
      #expect(SRTPKeyingMaterial(profile: profile, exported: bytes, localIsClient: true) == nil)
    }
  }

  @Test
  func keysOfTwoProfilesAreNoPair() {
    var generator = SystemRandomNumberGenerator()
    let gcm = SRTPMasterKey(profile: .aeadAES128GCM, using: &generator)
    let cm = SRTPMasterKey(profile: .aes128CMSHA1_80, using: &generator)
    #expect(SRTPKeyingMaterial(local: gcm, remote: cm) == nil)
  }

  @Test
  func keysAreNeverPrinted() throws {
    let key = try #require(
      SRTPMasterKey(profile: .aeadAES128GCM, keyAndSalt: [UInt8](repeating: 173, count: 28)))
    let material = try #require(SRTPKeyingMaterial(local: key, remote: key))
    var dumped = ""
    dump(material, to: &dumped)
    for text in ["\(key)", String(reflecting: key), "\(material)", String(reflecting: material), dumped] {
      #expect(!text.contains("173"))
    }
  }

  @Test
  func aCheckpointedKeyIsTheSameAfterwards() throws {
    var generator = SystemRandomNumberGenerator()
    for profile in SRTPProfile.allCases {
      let local = SRTPMasterKey(profile: profile, using: &generator)
      let remote = SRTPMasterKey(profile: profile, using: &generator)
      let material = try #require(SRTPKeyingMaterial(local: local, remote: remote))
      let json = try JSONEncoder().encode(material)
      #expect(try JSONDecoder().decode(SRTPKeyingMaterial.self, from: json) == material)
    }
    let short = Data(#"{"profile":7,"key_and_salt":[1,2,3]}"#.utf8)
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(SRTPMasterKey.self, from: short) }
  }

  @Test
  func profilesHaveTheRegisteredNames() {
    #expect(SRTPProfile.opensslNames == "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80")
    #expect(SRTPProfile(sdesName: "AES_CM_128_HMAC_SHA1_80") == .aes128CMSHA1_80)
    #expect(SRTPProfile(sdesName: "AEAD_AES_128_GCM") == .aeadAES128GCM)
    #expect(SRTPProfile(sdesName: "AES_CM_128_HMAC_SHA1_32") == nil)
    #expect(SRTPProfile(rawValue: 2) == nil)
  }
}
