import Testing

@testable import Media

struct RTPHeaderTests {
  private let plain = bytes("80ef 1234 00000960 cafebabe 0102030405")
  private let everything = bytes(
    """
    b2 6f ffff fffffffe 00000001  aaaaaaaa bbbbbbbb
    bede 0003  10 85  32 616263  00 00  51 0102 00
    0a0b0c 000003
    """)

  @Test
  func theFixedPartIsRead() throws {
    let header = try readRTP(plain)
    #expect(header.marker && header.payloadType == 111)
    #expect(header.sequenceNumber == 0x1234 && header.timestamp == 0x960 && header.ssrc == 0xcafe_babe)
    #expect(header.length == 12)
    #expect(try payload(plain) == [1, 2, 3, 4, 5])
    #expect(try extensionValue(1, plain) == nil)
  }

  @Test
  func sourcesAndExtensionsAreSteppedOverAndPaddingIsTakenOff() throws {
    let header = try readRTP(everything)
    #expect(!header.marker && header.payloadType == 111 && header.sequenceNumber == 65535)
    #expect(header.length == 12 + 8 + 4 + 12)
    #expect(try payload(everything) == [10, 11, 12])
  }

  @Test
  func elementsOfTheOneByteFormAreFound() throws {
    #expect(try extensionValue(1, everything) == [0x85])
    #expect(try extensionValue(3, everything) == Array("abc".utf8))
    #expect(try extensionValue(5, everything) == [1, 2])
    #expect(try extensionValue(2, everything) == nil)
    #expect(try extensionValue(0, everything) == nil)
    let level = try readRTP(everything).audioLevel(id: 1, in: everything.span.bytes)
    #expect(level == AudioLevel(decibelsBelowOverload: 5, isVoice: true))
  }

  @Test
  func elementsOfTheTwoByteFormAreFound() throws {
    // The lower four bits of the profile are for applications, an element may be empty, and ids go to 255.
    let packet = bytes("90 00 0001 00000001 00000001  100a 0003  ff 02 0102  00  07 00  1f 01 7f 00 00 63")
    #expect(try extensionValue(255, packet) == [1, 2])
    #expect(try extensionValue(7, packet) == [])
    #expect(try extensionValue(31, packet) == [127])
    #expect(try readRTP(packet).audioLevel(id: 7, in: packet.span.bytes) == nil)
    #expect(try payload(packet) == [0x63])
  }

  @Test(arguments: [
    // The element is longer than the extension.
    "bede 0001 13 010203", "1000 0001 01 03 0102", "1000 0001 00 00 00 01",
    // 15 ends the extensions, and so does 0 with a length.
    "bede 0001 f0 00 10 01", "bede 0001 02 00 10 01",
    // Of another form.
    "1234 0001 10 85 00 00", "0fff 0001 10 85 00 00",
    "bede 0000",
  ])
  func damagedExtensionsAreAsNone(hex: String) throws {
    let packet = bytes("90 6f 0001 00000001 00000001 \(hex) 63")
    #expect(try extensionValue(1, packet) == nil)
    #expect(try payload(packet) == [0x63])
  }

  @Test
  func paddingMayBeAllOfThePayloadAndNoMore() throws {
    #expect(try payload(bytes("a0 6f 0001 00000001 00000001 00000003".dropLast() + "4")) == [])
    #expect(throws: RTPError.badPadding) { try payload(bytes("a0 6f 0001 00000001 00000001 00000005")) }
    #expect(throws: RTPError.badPadding) { try payload(bytes("a0 6f 0001 00000001 00000001 00000000")) }
    #expect(throws: RTPError.badPadding) { try payload(bytes("a0 6f 0001 00000001 00000001")) }
  }

  @Test
  func anotherVersionIsRefused() {
    for version in [0, 1, 3] as [UInt8] {
      #expect(throws: RTPError.notVersion2) { try readRTP([version << 6] + plain.dropFirst()) }
    }
  }

  @Test
  func aPacketThatIsCutOffIsRefusedOrShorter() {
    for packet in [plain, everything] {
      let header = try? readRTP(packet)
      for length in 0..<packet.count {
        let cut = Array(packet.prefix(length))
        if length < header?.length ?? 0 {
          #expect(throws: RTPError.truncated) { try readRTP(cut) }
        } else {
          #expect(throws: Never.self) { try readRTP(cut) }
        }
        RTPHeader.exercise(cut.span.bytes)
      }
    }
  }

  @Test
  func nothingTrapsOnMutatedPackets() {
    var generator = SeededGenerator(seed: 1)
    let samples = [
      plain, everything, bytes("90 00 0001 00000001 00000001 100a 0003 ff 02 0102 00 07 00 1f 01 7f 0000"),
    ]
    for _ in 0..<60_000 {
      let sample = samples.randomElement(using: &generator) ?? plain
      RTPHeader.exercise(mutated(sample, using: &generator).span.bytes)
    }
  }
}
