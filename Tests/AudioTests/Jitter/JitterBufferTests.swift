import Runtime
import Testing

@testable import Audio

@Suite("Jitter buffer")
struct JitterBufferTests {
  private static let tone = sine(300, rate: 16_000, amplitude: 8000, count: 96_000)

  @Test("on a steady network every sample comes out, once, with little delay", arguments: [10, 20, 40, 60])
  func steady(milliseconds: Int) throws {
    let speech = TestSpeech.samples
    let packets = try VirtualSender(packetMilliseconds: milliseconds).packets(speech)
    let reception = Reception(VirtualNetwork().carry(packets), milliseconds: 10_400)
    let match = bestMatch(Array(speech[..<16_000]), Array(reception.samples[..<20_000]), delays: 0...3200)
    #expect(match.correlation > 0.95)
    #expect(reception.statistics.packetsDiscarded == 0)
    #expect(reception.statistics.packetsReceived == packets.count)
    // What is made up after the last packet.
    #expect(reception.statistics.concealedSamples <= 1920 + 16_000)
    #expect(reception.meanDelay < 75)
    #expect(reception.targets.last! == 20)
  }

  @Test("G.711 comes out as it went in", arguments: [VoiceCodec.pcmu, .pcma])
  func telephone(codec: VoiceCodec) throws {
    let packets = try VirtualSender(codec: codec).packets(Self.tone)
    let reception = Reception(VirtualNetwork().carry(packets), codec, milliseconds: 5900)
    let match = bestMatch(Array(Self.tone[..<40_000]), reception.samples, delays: 0...3200)
    #expect(match.correlation > 0.99)
    #expect(reception.statistics.concealedSamples == 0)
  }

  @Test("sequence numbers and timestamps go round unnoticed")
  func wrap() throws {
    let packets = try VirtualSender(firstSequenceNumber: 65_530, firstTimestamp: .max - 3000).packets(Self.tone)
    let reception = Reception(VirtualNetwork(jitter: 30, seed: 3).carry(packets), milliseconds: 5900)
    #expect(reception.statistics.streamStarts == 1)
    #expect(reception.statistics.packetsReceived > packets.count - 10)
    #expect(reception.concealedShare < 0.02)
  }

  @Test("packets that come twice are played once")
  func duplicates() throws {
    let packets = try VirtualSender().packets(Self.tone)
    let reception = Reception(VirtualNetwork(duplicates: 0.5).carry(packets), milliseconds: 5900)
    #expect(reception.statistics.packetsDuplicated > 100)
    #expect(reception.statistics.concealedSamples == 0)
    #expect(reception.statistics.packetsDiscarded == 0)
  }

  @Test("packets out of order are put in order")
  func reordering() throws {
    let packets = try VirtualSender().packets(Self.tone)
    // Each pair is swapped.
    var arrivals = VirtualNetwork().carry(packets)
    for index in stride(from: 0, to: arrivals.count - 1, by: 2) {
      let earlier = arrivals[index].packet
      arrivals[index].packet = arrivals[index + 1].packet
      arrivals[index + 1].packet = earlier
    }
    let reception = Reception(arrivals, milliseconds: 5900)
    #expect(reception.statistics.packetsLate == 0)
    #expect(reception.statistics.concealedSamples == 0)
    #expect(reception.largestStep < 2000)
  }

  @Test("under jitter the delay grows until few packets are late, and shrinks again afterwards")
  func adapts() throws {
    let speech = TestSpeech.samples
    let packets = try VirtualSender().packets(speech + speech + speech)
    let rough = VirtualNetwork(jitter: 80, seed: 4).carry(Array(packets[..<600]))
    let calm = VirtualNetwork(seed: 5).carry(Array(packets[600...]))
    let arrivals = (rough + calm).sorted { $0.time < $1.time }
    let reception = Reception(arrivals, milliseconds: 30_000)
    #expect((70...110).contains(reception.targets[500]))
    #expect(reception.targets.last! <= 30)
    #expect(reception.concealedShare < 0.02)
    #expect(reception.statistics.removedSamplesForAcceleration > 16 * 30)
    #expect(reception.largestStep < 16_000)
  }

  @Test(
    "random loss and bursts are concealed, no more than was lost", arguments: [(0.05, 1), (0.1, 1), (0.2, 1), (0.1, 3)])
  func loss(share: Double, burst: Int) throws {
    let packets = try VirtualSender().packets(TestSpeech.samples)
    let network = VirtualNetwork(loss: share, burst: burst, seed: 6)
    let arrivals = network.carry(packets)
    let lost = Double(packets.count - arrivals.count) / Double(packets.count)
    let reception = Reception(arrivals, milliseconds: 9900)
    #expect(reception.concealedShare < lost * 1.2 + 0.01)
    #expect(reception.concealedShare > lost * 0.6)
    #expect(reception.meanDelay < 90)
    #expect(reception.statistics.concealmentEvents <= packets.count - arrivals.count)
  }

  @Test(
    "what is made up, cut out and put in does not click",
    arguments: [(0.1, 1, 5.0), (0.2, 1, 5.0), (0.1, 3, 5.0), (0.0, 1, 80.0), (0.1, 1, 80.0)], [0, 15])
  func noClicks(_ network: (loss: Double, burst: Int, jitter: Double), expectedLoss: Int) throws {
    let packets = try VirtualSender(expectedLoss: expectedLoss).packets(Self.tone)
    let arrivals = VirtualNetwork(loss: network.loss, burst: network.burst, jitter: network.jitter, seed: 12)
      .carry(packets)
    let reception = Reception(arrivals, milliseconds: 5900)
    // The tone's own steps are 942 at most.
    #expect(reception.largestStep < 2000)
  }

  @Test("of a burst, the last packet is taken from the one after it")
  func burst() throws {
    let packets = try VirtualSender(expectedLoss: 15).packets(TestSpeech.samples)
    let arrivals = VirtualNetwork().carry(packets).enumerated().filter { $0.offset % 15 > 2 }.map(\.element)
    let reception = Reception(arrivals, milliseconds: 9900)
    #expect(reception.statistics.packetsRecovered > packets.count / 15 / 2)
    #expect(reception.concealedShare < 0.17)
  }

  @Test("a lost packet is taken from the one after it, and sounds better than what is made up")
  func forwardErrorCorrection() throws {
    var configuration = JitterBuffer.Configuration()
    configuration.minimumDelayMilliseconds = 80
    let speech = TestSpeech.samples
    let packets = try VirtualSender(expectedLoss: 15).packets(speech)
    let all = VirtualNetwork().carry(packets)
    let kept = all.enumerated().filter { $0.offset % 10 != 7 }.map(\.element)
    let whole = Reception(all, configuration: configuration, milliseconds: 9900)
    let recovered = Reception(kept, configuration: configuration, milliseconds: 9900)
    #expect(whole.statistics.fecPacketsReceived > 200)
    #expect(recovered.statistics.packetsRecovered > 25)

    // The same loss, without what the packets say of it.
    let plain = try VirtualSender().packets(speech)
    let plainAll = VirtualNetwork().carry(plain)
    let plainKept = plainAll.enumerated().filter { $0.offset % 10 != 7 }.map(\.element)
    let concealed = Reception(plainKept, configuration: configuration, milliseconds: 9900)
    let plainWhole = Reception(plainAll, configuration: configuration, milliseconds: 9900)
    #expect(concealed.statistics.packetsRecovered == 0)
    let withCopies = signalToNoise(whole.samples, recovered.samples)
    let withoutCopies = signalToNoise(plainWhole.samples, concealed.samples)
    #expect(withCopies > withoutCopies + 3)
    #expect(recovered.concealedShare < concealed.concealedShare / 2)
  }

  @Test("what the sender leaves out as silence is silence, not loss")
  func discontinuousTransmission() throws {
    let speech = Array(TestSpeech.samples[..<32_000])
    let packets = try VirtualSender().packets(speech + speech)
    // One second in the middle has no packets, and the sequence has no gap.
    let quiet = 50..<100
    let sent = packets.enumerated().filter { !quiet.contains($0.offset) }.map { index, packet in
      var packet = packet
      if index >= quiet.upperBound { packet.sequenceNumber &-= UInt16(quiet.count) }
      if index == quiet.lowerBound - 1 { packet.payload = [packet.payload[0] & 0xf8] }
      return packet
    }
    let reception = Reception(VirtualNetwork().carry(sent), milliseconds: 3900)
    #expect(reception.statistics.concealedSamples == 0)
    #expect(reception.ticks[60..<98].allSatisfy { $0 == .silence })
    #expect(reception.samples[20_000..<31_000].allSatisfy { $0 == 0 })
    #expect(reception.ticks[110..<150].allSatisfy { $0 == .audio })
  }

  @Test("packets that call themselves silent are not decoded, and the voice after them begins without a click")
  func silentPackets() throws {
    let tone = sine(300, rate: 16_000, amplitude: 8000, count: 16_000)
    let packets = try VirtualSender(hasLevels: true).packets(tone + silence(seconds: 2) + tone)
    let reception = Reception(VirtualNetwork().carry(packets), milliseconds: 3900)
    #expect(reception.statistics.packetsNotDecoded > 85)
    #expect(reception.statistics.concealedSamples == 0)
    #expect(reception.ticks.count { $0 == .silence } > 85)
    #expect(reception.largestStep < 1500)
    let end = Array(reception.samples.suffix(8000))
    #expect(bestMatch(Array(tone[..<4000]), end, delays: 0...400).correlation > 0.98)
  }

  @Test("a quiet voice is heard")
  func quietVoice() throws {
    let quiet = TestSpeech.samples.map { $0 / 256 }
    let packets = try VirtualSender(hasLevels: true).packets(quiet)
    let reception = Reception(VirtualNetwork().carry(packets), milliseconds: 9900)
    #expect(reception.statistics.packetsNotDecoded < packets.count / 3)
  }

  @Test("a sender that begins anew is played on at once", arguments: [10_000, 40_000, 200])
  func jump(by step: Int) throws {
    let packets = try VirtualSender().packets(Self.tone).enumerated().map { index, packet in
      var packet = packet
      if index >= 100 { packet.sequenceNumber &+= UInt16(step) }
      return packet
    }
    let reception = Reception(VirtualNetwork().carry(packets), milliseconds: 5900)
    #expect(reception.statistics.streamStarts == 2)
    #expect(reception.concealedShare < 0.05)
    #expect(reception.ticks[120...].allSatisfy { $0 == .audio })
    #expect(reception.largestStep < 3000)
  }

  @Test("another SSRC, with any numbers, is played on at once")
  func newSource() throws {
    let first = try VirtualSender().packets(Array(Self.tone[..<32_000]))
    let second = try VirtualSender(firstSequenceNumber: 12, firstTimestamp: 77).packets(Self.tone).map {
      var packet = $0
      packet.ssrc = 2
      packet.sentAt += 2000
      return packet
    }
    let reception = Reception(VirtualNetwork().carry(first + second), milliseconds: 5900)
    #expect(reception.statistics.streamStarts == 2)
    #expect(reception.ticks[110...].allSatisfy { $0 == .audio })
  }

  @Test("timestamps that jump by an hour do not stop the sound", arguments: [1, -1])
  func timestampJump(sign: Int32) throws {
    let packets = try VirtualSender().packets(Self.tone).enumerated().map { index, packet in
      var packet = packet
      if index >= 100 { packet.timestamp &+= UInt32(bitPattern: sign &* 48_000 &* 3600) }
      return packet
    }
    let reception = Reception(VirtualNetwork().carry(packets), milliseconds: 5900)
    #expect(reception.statistics.streamStarts == 2)
    #expect(reception.ticks[110...].allSatisfy { $0 == .audio })
  }

  @Test("after a stall all that comes late is said, faster, or dropped beyond a second")
  func stall() throws {
    let packets = try VirtualSender().packets(TestSpeech.samples)
    let short = VirtualNetwork().carry(packets).map { arrival in
      (time: (2000..<2600).contains(arrival.time) ? 2600 : arrival.time, packet: arrival.packet)
    }
    let reception = Reception(short, milliseconds: 9900)
    #expect(reception.statistics.packetsDiscarded == 0)
    #expect(reception.statistics.removedSamplesForAcceleration > 16 * 200)

    let long = VirtualNetwork().carry(packets).map { arrival in
      (time: (2000..<4500).contains(arrival.time) ? 4500 : arrival.time, packet: arrival.packet)
    }
    let late = Reception(long, milliseconds: 9900)
    #expect(late.statistics.packetsDiscarded > 50)
    #expect(late.ticks[240..<300].allSatisfy { $0 == .audio })
  }

  @Test("a clock that is off by 500 ppm is followed", arguments: [0.9995, 1.0005])
  func drift(rate: Double) throws {
    let speech = TestSpeech.samples
    let packets = try VirtualSender().packets(speech + speech + speech + speech)
    let arrivals = packets.map { (time: 20 + $0.sentAt * rate, packet: $0) }
    let reception = Reception(arrivals, milliseconds: 39_500)
    #expect(reception.concealedShare < 0.005)
    #expect(reception.meanDelay < 70)
  }

  @Test("before the first packet and long after the last there is silence")
  func noPackets() throws {
    let nothing = Reception([], milliseconds: 1000)
    #expect(nothing.ticks.allSatisfy { $0 == .silence })
    #expect(nothing.statistics.concealedSamples == 0)

    let packets = try VirtualSender().packets(Array(Self.tone[..<16_000]))
    let ended = Reception(VirtualNetwork().carry(packets), milliseconds: 20_000)
    #expect(ended.ticks[70...].allSatisfy { $0 == .silence })
    #expect(ended.statistics.concealedSamples <= 20_000)
    #expect(ended.largestStep < 2000)
  }

  @Test("bytes that are not the codec's are refused")
  func malformed() {
    var buffer = JitterBuffer(.opus)
    var packet = SentPacket(payload: [0xff, 0xff], sequenceNumber: 1, timestamp: 1, sentAt: 0)
    #expect(buffer.insert(packet, at: 0) == .malformed)
    packet.payload = [UInt8](repeating: 0, count: 1600)
    #expect(buffer.insert(packet, at: 0) == .malformed)
    #expect(buffer.statistics.packetsMalformed == 2)
    var telephone = JitterBuffer(.pcmu)
    packet.payload = [UInt8](repeating: 0, count: 961)
    #expect(telephone.insert(packet, at: 0) == .malformed)
  }

  @Test("lost G.711 dies away without a click")
  func telephoneLoss() throws {
    let packets = try VirtualSender(codec: .pcmu).packets(Self.tone)
    let arrivals = VirtualNetwork(loss: 0.1, burst: 3, seed: 9).carry(packets)
    let reception = Reception(arrivals, .pcmu, milliseconds: 5900)
    #expect(reception.statistics.concealedSamples > 2000)
    #expect(reception.largestStep < 2000)
    let match = bestMatch(Array(Self.tone[..<8000]), Array(reception.samples[..<12_000]), delays: 0...3200)
    #expect(match.correlation > 0.8)
  }
}
