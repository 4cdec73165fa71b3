import Testing

@testable import VivaTesting

@Suite("A voice over a virtual network")
struct VirtualVoiceCallTests {
  /// Three seconds of something like speech, at 24 kHz.
  private static let clip: [Int16] = (0..<72_000).map { index in
    // A buzz of 120 Hz in syllables.
    let syllable = (index / 4800) % 3 < 2
    return syllable ? Int16(clamping: 9000 - (index % 200) * 90) : Int16(index % 7)
  }

  @Test("is whole where nothing is lost, with little delay")
  func clean() {
    let heard = VirtualVoiceCall(NetworkConditions(), seed: 1).say(Self.clip)
    #expect(heard.packetsSent > 100 && heard.packetsLost == 0 && heard.packetsRecovered == 0)
    #expect(heard.concealed == 0)
    #expect(heard.samples.count >= 48_000)
    #expect(heard.samples.contains { abs(Int($0)) > 1000 })
  }

  @Test("loses what the network loses, the same with each seed")
  func loss() {
    func heard(_ seed: UInt64) -> VirtualVoiceCall.Reception {
      VirtualVoiceCall(NetworkConditions(loss: 0.2), fec: false, seed: seed).say(Self.clip)
    }
    let first = heard(1)
    #expect((10...60).contains(first.packetsLost))
    #expect(first.concealed > 0 && first.packetsRecovered == 0)
    #expect(heard(1).samples == first.samples)
    #expect(heard(2).samples != first.samples)
  }

  @Test("is mended by the sender's FEC once reports tell of the loss, and by asking again")
  func mended() {
    let call = VirtualVoiceCall(NetworkConditions(loss: 0.2), seed: 1)
    _ = call.say(Self.clip)
    #expect(call.expectedLoss > 0)
    #expect(call.say(Self.clip).packetsRecovered > 0)
    let asked = VirtualVoiceCall(NetworkConditions(loss: 0.2), nack: true, seed: 1)
    _ = asked.say(Self.clip)
    #expect(asked.say(Self.clip).packetsLost < 5)
  }
}

@Suite("A WAV file")
struct WAVFileTests {
  @Test("is read as it was written")
  func roundTrip() throws {
    let file = try WAVFile(bytes: WAVFile(sampleRate: 16_000, samples: [0, 1, -1, 32_767, -32_768]).bytes)
    #expect(file.sampleRate == 16_000 && file.samples == [0, 1, -1, 32_767, -32_768])
  }
}
