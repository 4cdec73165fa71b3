import Testing

@testable import Media

@Suite struct OutgoingAudioTests {
  /// Chromium does not take packets without it, be there one section only.
  @Test func theMidGoesAlongWhereverItWasNegotiated() throws {
    var audio = PeerAudio(payloadType: 111, clockRate: 48_000)
    (audio.mid, audio.midID, audio.audioLevelID) = ("0", 4, 1)
    let writer = OutgoingAudio.writer(audio, ssrc: 7)
    var packet = [UInt8](repeating: 0, count: 64)
    var span = packet.mutableSpan
    var bytes = span.mutableBytes
    let written = writer.write(
      to: &bytes, marker: false, sequenceNumber: SequenceNumber(1), timestamp: 0, audioLevel: .silence)
    #expect(written == 20)
    let header = try RTPHeader(packet.span.bytes)
    let value = header.extensionValue(4, in: packet.span.bytes)
    #expect(try packet[#require(value)] == [UInt8(ascii: "0")])

    audio.midID = nil
    #expect(OutgoingAudio.writer(audio, ssrc: 7).length(withAudioLevel: false) == 12)
  }
}
