import COpenSSL
import Testing

@testable import Media

@Suite struct STUNMessageWriterTests {
  private let id = TransactionID(high: 1, low: 2)

  @Test("what is written is read", arguments: ["192.0.2.1:1", "[2001:db8::1]:65535"])
  func roundTrips(text: String) throws {
    let address = try #require(TransportAddress(text))
    let key = MessageIntegrityKey(Array("password".utf8))
    var unknown = STUNUnknownAttributes()
    unknown.append(STUNAttributeType(rawValue: 7))
    let bytes = stunMessage(.bindingError, id) { writer, buffer in
      writer.appendUsername(Array("one".utf8), Array("three".utf8), into: &buffer)
      writer.appendPriority(3, into: &buffer)
      writer.appendUseCandidate(into: &buffer)
      writer.appendIceControlling(tieBreaker: 4, into: &buffer)
      writer.appendIceControlled(tieBreaker: .max, into: &buffer)
      writer.appendXORMappedAddress(address, into: &buffer)
      writer.appendErrorCode(487, into: &buffer)
      writer.appendUnknownAttributes(unknown, into: &buffer)
      writer.appendMessageIntegrity(key, into: &buffer)
      writer.appendFingerprint(into: &buffer)
    }
    let message = try #require(readSTUN(bytes))
    #expect(message.type == .bindingError && message.transactionID == id)
    #expect(bytes[try #require(message.username)].elementsEqual("one:three".utf8))
    #expect(message.priority == 3 && message.usesCandidate)
    #expect(message.iceControlling == 4 && message.iceControlled == .max)
    #expect(message.xorMappedAddress == address)
    #expect(message.errorCode == 487)
    #expect(bytes[try #require(message.unknownAttributes)] == [0, 7])
    #expect(message.hasFingerprint)
    #expect(isAuthentic(bytes, key))
  }

  @Test("a buffer that is too small gives nothing, at any size")
  func reportsSmallBuffers() {
    func write(_ capacity: Int) -> [UInt8] {
      stunMessage(.bindingRequest, id, capacity: capacity) { writer, buffer in
        writer.appendUsername(Array("abcd".utf8), Array("e".utf8), into: &buffer)
        writer.appendPriority(3, into: &buffer)
        writer.appendUseCandidate(into: &buffer)
        writer.appendMessageIntegrity(MessageIntegrityKey([1]), into: &buffer)
        writer.appendFingerprint(into: &buffer)
      }
    }
    let whole = write(1000)
    #expect(write(whole.count) == whole)
    for capacity in 0..<whole.count { #expect(write(capacity).isEmpty) }
  }

  @Test("padding is zero")
  func padsWithZeros() {
    let bytes = stunMessage(.bindingRequest, id) { writer, buffer in
      writer.append(.username, [1, 2, 3, 4, 5], into: &buffer)
    }
    #expect(bytes.suffix(12) == [0, 6, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0])
  }

  @Test("MESSAGE-INTEGRITY is OpenSSL's HMAC-SHA1, for keys of any length")
  func agreesWithHMAC() {
    for length in 0...200 {
      let key = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ length) }
      let bytes = stunMessage(.bindingRequest, id) { writer, buffer in
        writer.appendPriority(3, into: &buffer)
        writer.appendMessageIntegrity(MessageIntegrityKey(key), into: &buffer)
      }
      var expected = [UInt8](repeating: 0, count: 20)
      HMAC(EVP_sha1(), key, CInt(length), bytes, bytes.count - 24, &expected, nil)
      #expect(Array(bytes.suffix(20)) == expected)
    }
  }

  @Test("CRC-32 has its check value")
  func hasTheCheckValue() {
    #expect(STUNFingerprint.crc32(Array("123456789".utf8).span.bytes) == 0xCBF4_3926)
  }

  @Test("transaction ids come from the generator")
  func drawsIDs() {
    var random = SeededGenerator(seed: 1)
    #expect(Set((0..<1000).map { _ in TransactionID(using: &random) }).count == 1000)
  }
}
