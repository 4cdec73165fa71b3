import Testing

@testable import Signing

@Suite("AES-256-GCM")
struct AESGCMTests {
  private let key = [UInt8](0..<32)

  @Test("opens what it has sealed, of any length", arguments: [0, 1, 15, 16, 17, 100_000])
  func roundTrip(length: Int) {
    let message = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
    let sealed = AESGCM.seal(message, key: key, context: [1, 2, 3])
    #expect(sealed.count == length + AESGCM.overhead)
    #expect(AESGCM.open(sealed, key: key, context: [1, 2, 3]) == message)
    // A nonce of its own each time.
    #expect(AESGCM.seal(message, key: key, context: [1, 2, 3]) != sealed)
  }

  @Test("opens nothing that was changed, anywhere, nor with another key or context")
  func tampering() {
    let sealed = AESGCM.seal([1, 2, 3, 4], key: key, context: [5])
    for index in sealed.indices {
      var changed = sealed
      changed[index] ^= 1
      #expect(AESGCM.open(changed, key: key, context: [5]) == nil)
    }
    for count in 0..<sealed.count { #expect(AESGCM.open(Array(sealed.prefix(count)), key: key, context: [5]) == nil) }
    #expect(AESGCM.open(sealed, key: Array(key.reversed()), context: [5]) == nil)
    #expect(AESGCM.open(sealed, key: key, context: [6]) == nil)
    #expect(AESGCM.open(sealed, key: [1], context: [5]) == nil)
  }

  /// McGrew and Viega, The Galois/Counter Mode of Operation, test case 14: key, nonce and message of zeros.
  @Test("is what the standard says")
  func knownAnswer() {
    let zeros = [UInt8](repeating: 0, count: 32)
    let body: [UInt8] = [
      0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07, 0x4e, 0xc5, 0xd3, 0xba, 0xf3, 0x9d, 0x18,
    ]
    let tag: [UInt8] = [0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99, 0x6b, 0xf0, 0x26, 0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19]
    let sealed = [UInt8](repeating: 0, count: 12) + body + tag
    #expect(AESGCM.open(sealed, key: zeros, context: []) == [UInt8](repeating: 0, count: 16))
  }
}
