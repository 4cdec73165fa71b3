import Runtime
import Testing

@testable import Media

struct DTLSFingerprintTests {
  @Test(arguments: [DTLSRole.client, .server])
  func aPeerWithAnotherCertificateIsRefusedBeforeAnyKeyIsExported(impostor: DTLSRole) {
    let pair =
      impostor == .client
      ? DTLSPair(client: TestIdentity.stranger, serverTrusts: [TestIdentity.client.fingerprint])
      : DTLSPair(server: TestIdentity.stranger, clientTrusts: [TestIdentity.server.fingerprint])
    pair.exchange()
    let honest = impostor == .client ? pair.server : pair.client
    #expect(honest.connection.state == .failed(.fingerprintMismatch))
    #expect(honest.events == [.failed(.fingerprintMismatch)])
    #expect(throws: DTLSError.notConnected) { try honest.connection.send([1]) }
  }

  @Test(arguments: [DTLSRole.client, .server])
  func aPeerThatAnnouncedNothingIsRefused(role: DTLSRole) {
    let pair = role == .client ? DTLSPair(clientTrusts: []) : DTLSPair(serverTrusts: [])
    pair.exchange()
    #expect((role == .client ? pair.client : pair.server).events == [.failed(.fingerprintMismatch)])
  }

  @Test
  func anyFingerprintOfTheStrongestHashWillDo() {
    let certificate = TestIdentity.client.certificate
    let stranger = TestIdentity.stranger.certificate
    func of(_ bytes: [UInt8], _ algorithm: DTLSFingerprint.HashAlgorithm) -> DTLSFingerprint {
      DTLSFingerprint(ofCertificate: bytes, algorithm: algorithm)
    }
    func verified(_ announced: [DTLSFingerprint]) -> Bool {
      DTLSFingerprint.verify(certificate: certificate, announced: announced)
    }
    for algorithm in DTLSFingerprint.HashAlgorithm.allCases {
      #expect(verified([of(certificate, algorithm)]))
      #expect(!verified([of(stranger, algorithm)]))
      #expect(verified([of(stranger, algorithm), of(certificate, algorithm)]))
      #expect(verified([of(certificate, algorithm), of(stranger, algorithm)]))
    }
    // The stronger counts, whatever the weaker says.
    #expect(!verified([of(certificate, .sha1), of(stranger, .sha256)]))
    #expect(verified([of(stranger, .sha1), of(certificate, .sha256)]))
    #expect(!verified([of(certificate, .sha256), of(stranger, .sha512)]))
    #expect(!verified([]))
  }

  @Test
  func textIsThatOfRFC8122() throws {
    let text = "sha-256 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB:3D:4B:65:2E:7D:46:3F:54:42:CD:54:F1"
    let fingerprint = try #require(DTLSFingerprint(text))
    #expect(fingerprint.algorithm == .sha256)
    #expect(fingerprint.digest.prefix(3) == [0x4A, 0xAD, 0xB9])
    #expect(fingerprint.description == text)
    #expect(DTLSFingerprint("SHA-256 " + text.dropFirst(8).lowercased()) == fingerprint)
    let own = TestIdentity.client.fingerprint
    #expect(DTLSFingerprint(own.description) == own)
  }

  @Test
  func textThatIsNoFingerprintIsRefused() {
    let text = Array(TestIdentity.client.fingerprint.description)
    for length in 0..<text.count { #expect(DTLSFingerprint(String(text.prefix(length))) == nil) }
    for bad in [
      "md5 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B", "sha-256", "", " ", "sha-1 é", String(text) + ":00",
      String(text) + "0", String(text).replacing(":", with: "-"), String(text).replacing("sha-256", with: "sha-384"),
    ] {
      #expect(DTLSFingerprint(bad) == nil)
    }
    var generator = DTLSTestGenerator(seed: 1)
    for _ in 0..<10_000 {
      var bytes = Array(String(text).utf8)
      for _ in 0...Int.random(in: 0...2, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: .min ... .max, using: &generator)
      }
      DTLSFingerprint.exercise(bytes.span.bytes)
    }
  }

  @Test
  func aStoredIdentityIsTheSamePeerAgain() throws {
    let made = TestIdentity.server
    let again = try DTLSIdentity(certificate: made.certificate, privateKey: made.privateKey)
    #expect(again.fingerprint == made.fingerprint)
    let pair = DTLSPair(server: again, clientTrusts: [made.fingerprint])
    pair.exchange()
    #expect(pair.areConnected)
  }

  @Test
  func anIdentityWhosePartsDoNotBelongTogetherIsRefused() {
    let a = TestIdentity.client
    let b = TestIdentity.server
    #expect(throws: DTLSError.self) { try DTLSIdentity(certificate: a.certificate, privateKey: b.privateKey) }
    #expect(throws: DTLSError.self) { try DTLSIdentity(certificate: [], privateKey: a.privateKey) }
    #expect(throws: DTLSError.self) { try DTLSIdentity(certificate: a.certificate, privateKey: []) }
    for length in 0..<a.privateKey.count {
      #expect(throws: DTLSError.self) {
        try DTLSIdentity(certificate: a.certificate, privateKey: Array(a.privateKey.prefix(length)))
      }
    }
  }

  @Test
  func aPrivateKeyIsNeverPrinted() {
    let identity = TestIdentity.client
    var dumped = ""
    dump(identity, to: &dumped)
    #expect(!dumped.contains("privateKey"))
    #expect("\(identity)" == "DTLSIdentity(\(identity.fingerprint))")
  }
}
