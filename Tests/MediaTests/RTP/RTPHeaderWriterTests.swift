import Testing

@testable import Media

struct RTPHeaderWriterTests {
  private func write(
    _ writer: RTPHeaderWriter, room: Int = 60, audioLevel: AudioLevel? = nil
  ) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0xee, count: room)
    var span = buffer.mutableSpan
    var bytes = span.mutableBytes
    let length = writer.write(
      to: &bytes, marker: true, sequenceNumber: 0xfffe, timestamp: 0x1234_5678, audioLevel: audioLevel)
    guard let length else {
      #expect(buffer.allSatisfy { $0 == 0xee })
      return nil
    }
    #expect(length == writer.length(withAudioLevel: audioLevel != nil))
    #expect(buffer.dropFirst(length).allSatisfy { $0 == 0xee })
    return Array(buffer.prefix(length))
  }

  @Test
  func aPlainHeaderHasNoExtension() {
    #expect(write(RTPHeaderWriter(ssrc: 1, payloadType: 111)) == bytes("80 ef fffe 12345678 00000001"))
    // A level that was not negotiated is left out.
    #expect(write(RTPHeaderWriter(ssrc: 1, payloadType: 111), audioLevel: .silence)?.count == 12)
  }

  @Test
  func whatIsWrittenIsReadBack() throws {
    for mid in ["0", "audio", "0123456789abcdef"] {
      var writer = RTPHeaderWriter(ssrc: 7, payloadType: 0)
      #expect(writer.sendMid(mid, id: 14) && writer.sendAudioLevel(id: 3))
      let level = AudioLevel(decibelsBelowOverload: 42, isVoice: true)
      let packet = try #require(write(writer, audioLevel: level))
      #expect(packet.count % 4 == 0)
      #expect(try readRTP(packet).length == packet.count)
      #expect(try extensionValue(14, packet) == Array(mid.utf8))
      #expect(try readRTP(packet).audioLevel(id: 3, in: packet.span.bytes) == level)

      let quiet = try #require(write(writer))
      #expect(try extensionValue(14, quiet) == Array(mid.utf8))
      #expect(try extensionValue(3, quiet) == nil)
    }
  }

  @Test
  func whatTheOneByteFormCannotCarryIsLeftOut() {
    var writer = RTPHeaderWriter(ssrc: 7, payloadType: 0)
    #expect(!writer.sendAudioLevel(id: 0) && !writer.sendAudioLevel(id: 15))
    #expect(!writer.sendMid("a", id: 15) && !writer.sendMid("", id: 1))
    #expect(writer.sendMid("0123456789abcdefg", id: 1) == false)
    #expect(write(writer, audioLevel: .silence)?.count == 12)
  }

  @Test
  func aBufferThatIsTooSmallIsLeftAlone() {
    var writer = RTPHeaderWriter(ssrc: 7, payloadType: 111)
    writer.sendAudioLevel(id: 1)
    for room in 0..<20 { #expect(write(writer, room: room, audioLevel: .silence) == nil) }
    #expect(write(writer, room: 20, audioLevel: .silence)?.count == 20)
  }
}
