import Testing

@testable import Media

@Suite struct STUNMessageTests {
  private let key = MessageIntegrityKey(STUNSamples.password)
  private let id = TransactionID(high: 0xB7E7_A701, low: 0xBC34_D686_FA87_DFAE)

  /// With the length of the header put right.
  private func message(_ attributes: [UInt8], type: UInt8 = 1) -> [UInt8] {
    [0, type, UInt8(attributes.count >> 8), UInt8(attributes.count & 255)]
      + STUNSamples.request[4..<20] + attributes
  }

  @Test("RFC 5769, section 2.1: a request")
  func readsTheSampleRequest() throws {
    let bytes = STUNSamples.request
    let message = try #require(readSTUN(bytes))
    #expect(message.type == .bindingRequest)
    #expect(message.transactionID == id)
    #expect(bytes[try #require(message.username)].elementsEqual("evtj:h6vY".utf8))
    #expect(message.priority == 0x6E00_01FF)
    #expect(message.iceControlled == 0x932F_F9B1_5126_3B36)
    #expect(message.iceControlling == nil && !message.usesCandidate && message.errorCode == nil)
    #expect(message.hasFingerprint)
    #expect(message.notUnderstood.isEmpty)
    #expect(isAuthentic(bytes, key))
    #expect(!isAuthentic(bytes, MessageIntegrityKey(Array("another".utf8))))
  }

  @Test("RFC 5769, sections 2.2 and 2.3: responses")
  func readsTheSampleResponses() throws {
    for (bytes, address) in [
      (STUNSamples.ipv4Response, "192.0.2.1:32853"),
      (STUNSamples.ipv6Response, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"),
    ] {
      let message = try #require(readSTUN(bytes))
      #expect(message.type == .bindingSuccess)
      #expect(message.transactionID == id)
      #expect(message.xorMappedAddress == TransportAddress(address))
      #expect(message.hasFingerprint)
      #expect(isAuthentic(bytes, key))
    }
  }

  @Test("RFC 5769, section 2.4: a request with long-term credentials and no FINGERPRINT")
  func readsTheLongTermRequest() throws {
    let bytes = STUNSamples.longTermRequest
    let message = try #require(readSTUN(bytes))
    #expect(bytes[try #require(message.username)].elementsEqual("マトリックス".utf8))
    #expect(!message.hasFingerprint && message.notUnderstood.isEmpty)
    #expect(isAuthentic(bytes, MessageIntegrityKey(STUNSamples.longTermKey)))
    #expect(!isAuthentic(bytes, key))
  }

  @Test("a sample that is cut off anywhere, or goes on, is no message")
  func refusesTruncation() {
    for sample in STUNSamples.all {
      for count in 0..<sample.count { #expect(readSTUN(Array(sample.prefix(count))) == nil) }
      #expect(readSTUN(sample + [0, 0, 0, 0]) == nil)
      #expect(readSTUN([0] + sample) == nil)
    }
  }

  @Test("every bit of a message with FINGERPRINT counts")
  func noticesEveryBit() {
    for sample in [STUNSamples.request, STUNSamples.ipv4Response, STUNSamples.ipv6Response] {
      for bit in 0..<sample.count * 8 {
        var changed = sample
        changed[bit / 8] ^= 1 << (bit % 8)
        // What is read may lack FINGERPRINT: its type changed, or an attribute's length made to swallow it.
        #expect(readSTUN(changed)?.hasFingerprint != true)
      }
    }
  }

  @Test("without FINGERPRINT every bit up to the end of MESSAGE-INTEGRITY counts")
  func noticesEveryAuthenticatedBit() {
    let key = MessageIntegrityKey(STUNSamples.longTermKey)
    let sample = STUNSamples.longTermRequest
    for bit in 0..<sample.count * 8 {
      var changed = sample
      changed[bit / 8] ^= 1 << (bit % 8)
      #expect(!isAuthentic(changed, key))
    }
  }

  @Test(
    "mutated samples are read or refused, and authentic only where what is authenticated is as it was",
    arguments: 0..<STUNSamples.all.count)
  func survivesMutation(index: Int) {
    var random = SeededGenerator(seed: UInt64(index))
    let sample = STUNSamples.all[index]
    let key = sample == STUNSamples.longTermRequest ? MessageIntegrityKey(STUNSamples.longTermKey) : key
    let end = sample.count - (sample == STUNSamples.longTermRequest ? 0 : 8)
    for _ in 0..<30_000 {
      var bytes = sample
      for _ in 0...Int.random(in: 0..<4, using: &random) {
        let offset = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[offset] = UInt8.random(in: .min ... .max, using: &random)
        case 1: bytes[offset] = [0, 0xFF, 0x7F, 0x80].randomElement(using: &random)!
        case 2: bytes.insert(UInt8.random(in: .min ... .max, using: &random), at: offset)
        default: if bytes.count > 1 { bytes.remove(at: offset) }
        }
      }
      // Most mutants get a right length, to come further.
      if bytes.count >= 20, bytes.count % 4 == 0, Bool.random(using: &random) {
        bytes[2] = UInt8((bytes.count - 20) >> 8)
        bytes[3] = UInt8((bytes.count - 20) & 255)
      }
      STUNMessage.exercise(bytes.span.bytes)
      let isChanged = bytes.prefix(2) != sample.prefix(2) || bytes.prefix(end).dropFirst(4) != sample[4..<end]
      #expect(!isChanged || !isAuthentic(bytes, key))
    }
  }

  @Test("what follows MESSAGE-INTEGRITY does not count, but for FINGERPRINT")
  func ignoresWhatFollowsIntegrity() throws {
    let bytes = stunMessage(.bindingRequest, id) { writer, buffer in
      writer.appendPriority(1, into: &buffer)
      writer.appendMessageIntegrity(key, into: &buffer)
      writer.appendUsername(Array("a".utf8), Array("b".utf8), into: &buffer)
      writer.appendUseCandidate(into: &buffer)
      writer.appendIceControlling(tieBreaker: 1, into: &buffer)
      writer.append(STUNAttributeType(rawValue: 0x0003), [1, 2, 3, 4], into: &buffer)
      writer.appendMessageIntegrity(MessageIntegrityKey([1]), into: &buffer)
      writer.appendFingerprint(into: &buffer)
    }
    let message = try #require(readSTUN(bytes))
    #expect(message.priority == 1)
    #expect(message.username == nil && !message.usesCandidate && message.iceControlling == nil)
    #expect(message.notUnderstood.isEmpty)
    #expect(message.hasFingerprint)
    #expect(isAuthentic(bytes, key))
  }

  @Test("FINGERPRINT is the last attribute")
  func wantsFingerprintLast() {
    let bytes = stunMessage(.bindingRequest, id) { writer, buffer in
      writer.appendFingerprint(into: &buffer)
      writer.appendPriority(1, into: &buffer)
    }
    #expect(readSTUN(bytes) == nil)
  }

  @Test("of attributes that come twice the first counts")
  func takesTheFirst() throws {
    let bytes = stunMessage(.bindingRequest, id) { writer, buffer in
      for value: UInt8 in [1, 2] {
        writer.appendPriority(UInt32(value), into: &buffer)
        writer.appendUsername([value], [value], into: &buffer)
        writer.appendIceControlled(tieBreaker: UInt64(value), into: &buffer)
        writer.appendIceControlling(tieBreaker: UInt64(value), into: &buffer)
        writer.appendXORMappedAddress(TransportAddress(ipv4: UInt32(value), port: 1), into: &buffer)
        writer.appendErrorCode(400 + Int(value), into: &buffer)
      }
    }
    let message = try #require(readSTUN(bytes))
    #expect(message.priority == 1 && message.iceControlled == 1 && message.iceControlling == 1)
    #expect(bytes[try #require(message.username)] == [1, UInt8(ascii: ":"), 1])
    #expect(message.xorMappedAddress == TransportAddress(ipv4: 1, port: 1))
    #expect(message.errorCode == 401)
  }

  @Test("attributes that must be understood and are not are told, others pass")
  func collectsTheUnknown() throws {
    let bytes = stunMessage(.bindingRequest, id) { writer, buffer in
      for type: UInt16 in [0x0003, 0x8000, 0xC001, 0x7FFF, 0x0002, 0x001C, 0x0019] {
        writer.append(STUNAttributeType(rawValue: type), [1], into: &buffer)
      }
    }
    let unknown = try #require(readSTUN(bytes)).notUnderstood
    #expect((0..<unknown.count).map { unknown[$0].rawValue } == [0x0003, 0x7FFF, 0x0002, 0x001C])
  }

  @Test(
    "a known attribute of a wrong length is no message's",
    arguments: [
      "0008 0000", "0008 0010 00000000 00000000 00000000 00000000", "0024 0003 00000000", "0024 0000",
      "0025 0001 00000000", "8029 0004 00000000", "802a 0009 00000000 00000000 00000000", "8028 0000",
      "8028 0008 00000000 00000000", "0020 0000", "0020 0004 00010000",
      "0020 0014 00010000 00000000 00000000 00000000 00000000", "0020 0008 00020000 00000000",
      "0020 0008 00030000 00000000", "0009 0000", "0009 0003 00000400",
      "0009 0004 00000200", "0009 0004 00000700", "0009 0004 00000464", "000a 0001 00000000",
    ])
  func refusesWrongLengths(hexadecimal: String) {
    #expect(readSTUN(message(STUNSamples.bytes(hexadecimal))) == nil)
  }

  @Test("an attribute that claims more than is there is refused")
  func refusesOverlongAttributes() {
    #expect(readSTUN(message([0x80, 0x22, 0xFF, 0xFF])) == nil)
    #expect(readSTUN(message([0x80, 0x22, 0, 5, 1, 2, 3, 4])) == nil)
    #expect(readSTUN(message([0x80, 0x22, 0, 4, 1, 2, 3, 4])) != nil)
    #expect(readSTUN(message([])) != nil)
  }

  @Test("what is not STUN is refused: cookie, first bits, length")
  func refusesOtherProtocols() {
    for (offset, value) in [(4, 0x20), (7, 0), (0, 0x40), (0, 0x80), (0, 0xC0), (3, 1), (3, 0xFF), (2, 1)] {
      var bytes = message([0x80, 0x22, 0, 0])
      bytes[offset] = UInt8(value)
      #expect(readSTUN(bytes) == nil)
    }
  }

  @Test("ERROR-CODE and UNKNOWN-ATTRIBUTES are read")
  func readsErrors() throws {
    let bytes = message(STUNSamples.bytes("0009 0008 00000414 41424344  000a 0004 0003 7fff"), type: 0x11)
    let message = try #require(readSTUN(bytes))
    #expect(message.errorCode == 420)
    #expect(bytes[try #require(message.unknownAttributes)] == [0, 3, 0x7F, 0xFF])
  }
}
