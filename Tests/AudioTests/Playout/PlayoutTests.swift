import Runtime
import Testing

@testable import Audio

@Suite("Playout")
struct PlayoutTests {
  @Test(
    "what is appended is sent in order, a packet each 20 ms, and heard", arguments: [VoiceCodec.opus, .pcmu, .pcma])
  func plays(codec: VoiceCodec) throws {
    let speech = try speech24(seconds: 2)
    var harness = PlayoutHarness(PlayoutFormat(codec))
    for piece in pieces(speech, maximum: 3000, seed: 1) {
      let taken = harness.playout.append(piece)
      #expect(taken)
    }
    #expect(harness.playout.waiting == 48_000)
    harness.run(milliseconds: 2600)
    #expect(harness.started == 1)
    #expect(harness.drained == [48_000])
    #expect(harness.playout.played == 48_000)
    #expect(harness.packets.first!.packet.marker)
    #expect(harness.packets.dropFirst().allSatisfy { !$0.packet.marker })
    let steps = zip(harness.packets, harness.packets.dropFirst()).map { $1.packet.timestamp &- $0.packet.timestamp }
    #expect(steps.allSatisfy { $0 == codec.clockRate / 50 })
    // A packet of silence at the end, and for Opus an empty one.
    #expect(harness.packets.count == 100 + (codec == .opus ? 2 : 1))
    let original = try Resampler(from: 24_000, to: 16_000).process(speech)
    let match = bestMatch(Array(original[..<24_000]), harness.heard(), delays: 0...3200)
    #expect(match.correlation > 0.9)
  }

  @Test("while nothing is said nothing is encoded or sent, and the timestamp goes on")
  func silence() throws {
    let first = UInt32.max - 100
    var harness = PlayoutHarness(firstTimestamp: first)
    harness.run(milliseconds: 10_000)
    #expect(harness.packets.isEmpty)
    #expect(harness.hasEncoder == false)
    let speech = try speech24(seconds: 0.5)
    _ = harness.playout.append(speech)
    harness.run(milliseconds: 1000)
    #expect(harness.packets.first!.packet.timestamp == first &+ 480_000)
    #expect(harness.hasEncoder == true)
    let before = harness.packets.count
    harness.run(milliseconds: 6000)
    #expect(harness.hasEncoder == false)
    #expect(harness.packets.count == before)
    _ = harness.playout.append(speech)
    harness.run(milliseconds: 1000)
    #expect(harness.packets[before].packet.marker)
    #expect(harness.packets[before].packet.timestamp == first &+ 17_000 * 48)
    #expect(harness.started == 2)
    #expect(harness.drained == [12_000, 24_000])
  }

  @Test("clear cuts at once: what was played and cut add up, and two packets bring silence")
  func clear() throws {
    var harness = PlayoutHarness()
    _ = harness.playout.append(try speech24(seconds: 2))
    harness.run(milliseconds: 700)
    let (played, cut) = harness.playout.clear()
    #expect(played == 35 * 480)
    #expect(cut == 48_000 - played)
    #expect(harness.playout.waiting == 0)
    harness.run(milliseconds: 1000)
    #expect(harness.packets.count == 35 + 2)
    #expect(harness.packets.last!.payload.count == 1)
    #expect(harness.packets.last!.time <= 740)
    #expect(harness.drained == [])
    #expect(harness.playout.played == played)
    let heard = harness.heard()
    #expect(heard.suffix(8000).allSatisfy { $0 == 0 })
    _ = harness.playout.append(try speech24(seconds: 0.2))
    harness.run(milliseconds: 500)
    #expect(harness.started == 2)
    #expect(harness.drained == [played + 4800])
  }

  @Test("speech that comes too slowly has gaps, and every sample is counted once")
  func underrun() throws {
    var harness = PlayoutHarness()
    let speech = try speech24(seconds: 1)
    for piece in speech.chunks(of: 1700) {
      _ = harness.playout.append(piece)
      harness.run(milliseconds: 160)
    }
    #expect(harness.playout.played == 24_000)
    #expect(harness.drained.last == 24_000)
    #expect(harness.started == harness.drained.count)
  }

  @Test("silence in what is said is not sent, and counts as played")
  func pauses() throws {
    let speech = try speech24(seconds: 0.5)
    var harness = PlayoutHarness()
    _ = harness.playout.append(speech + [Int16](repeating: 0, count: 24_000) + speech)
    harness.run(milliseconds: 2400)
    #expect(harness.drained == [48_000])
    #expect(harness.packets.count < 65)
    #expect(harness.packets.filter(\.packet.marker).count == 2)
    let last = harness.packets.last!.packet
    #expect(last.timestamp - harness.packets[0].packet.timestamp == 101 * 960)
    let original = try Resampler(from: 24_000, to: 16_000).process(speech)
    #expect(bestMatch(Array(original[1000..<7000]), harness.heard(), delays: 24_000...28_000).correlation > 0.9)
  }

  @Test("ready packets of any length are sent as they are", arguments: [10, 20, 40, 60])
  func readyPackets(milliseconds: Int) throws {
    let packets = try VirtualSender(packetMilliseconds: milliseconds).packets(Array(TestSpeech.samples[..<24_000]))
    var harness = PlayoutHarness()
    for packet in packets {
      let taken = harness.playout.append(packet: packet.payload)
      #expect(taken)
    }
    harness.run(milliseconds: 2000)
    #expect(harness.packets.dropLast().map(\.payload) == packets.map(\.payload))
    #expect(harness.packets.allSatisfy { $0.time <= 1500 })
    #expect(harness.playout.played == packets.count * milliseconds * 24)
    #expect(harness.hasEncoder == false)
    #expect(harness.packets[1].packet.timestamp == milliseconds * 48)
  }

  @Test("what is no Opus packet, or too much, is refused")
  func refuses() throws {
    var playout = Playout(PlayoutFormat(.opus), queueBytes: 2000, at: Instant(nanoseconds: 0))
    let results = [
      playout.append(packet: []), playout.append(packet: [0xff, 0xff]),
      playout.append([Int16](repeating: 0, count: 1001)),
      playout.append([Int16](repeating: 0, count: 900)), playout.append([Int16](repeating: 0, count: 900)),
    ]
    #expect(results == [false, false, false, true, false])
    #expect(playout.waiting == 900)
    var telephone = Playout(PlayoutFormat(.pcmu), at: Instant(nanoseconds: 0))
    let packet = try VirtualSender().packets(Array(TestSpeech.samples[..<320]))[0].payload
    let taken = telephone.append(packet: packet)
    #expect(!taken)
  }

  @Test("PCM after packets and packets after PCM keep their order and their length")
  func mixed() throws {
    let packets = try VirtualSender().packets(Array(TestSpeech.samples[..<3200]))
    var harness = PlayoutHarness()
    let speech = try speech24(seconds: 0.11)
    _ = harness.playout.append(speech)
    for packet in packets { _ = harness.playout.append(packet: packet.payload) }
    _ = harness.playout.append(speech)
    harness.run(milliseconds: 1000)
    #expect(harness.drained == [2 * 2640 + packets.count * 480])
    #expect(harness.packets[6..<16].map(\.payload) == packets.map(\.payload))
  }

  @Test("the answer's packet time is kept", arguments: [10, 20, 40, 60])
  func packetTime(milliseconds: Int) throws {
    var harness = PlayoutHarness(PlayoutFormat(.opus, packetMilliseconds: milliseconds))
    _ = harness.playout.append(try speech24(seconds: 1.2))
    harness.run(milliseconds: 2000)
    #expect(harness.packets[1].packet.timestamp == milliseconds * 48)
    #expect(harness.packets.count <= 1200 / milliseconds + 2)
    #expect(harness.drained == [28_800])
  }

  @Test("ticks that come a little late, or after a stall, keep the pace")
  func jitteryTicks() throws {
    var harness = PlayoutHarness()
    _ = harness.playout.append(try speech24(seconds: 4))
    harness.run(milliseconds: 1000, jitter: 9)
    #expect(harness.packets.count == 50)
    // 80 ms without a tick are made up for; 2 s are not.
    harness.now = harness.now + .milliseconds(80)
    harness.run(milliseconds: 20)
    #expect(harness.packets.count == 55)
    let before = harness.packets.last!.packet.timestamp
    harness.now = harness.now + .seconds(2)
    harness.run(milliseconds: 20)
    #expect(harness.packets.count == 56)
    #expect(harness.packets.last!.packet.timestamp - before >= 2000 * 48)
  }

  @Test("levels are those of the samples")
  func levels() throws {
    var harness = PlayoutHarness()
    _ = harness.playout.append(sine(400, rate: 24_000, amplitude: 3276.7, count: 24_000))
    harness.run(milliseconds: 1000)
    #expect(harness.packets.allSatisfy { $0.packet.audioLevel == 23 })
  }

  @Test("loss that is reported brings copies into the packets, and the maximal bitrate is kept")
  func lossReports() throws {
    var harness = PlayoutHarness()
    let speech = try speech24(seconds: 3)
    _ = harness.playout.append(speech)
    harness.run(milliseconds: 3200)
    let copies = { (packets: ArraySlice<(packet: PlayoutPacket, payload: [UInt8], time: Int)>) in
      packets.count { $0.payload.withUnsafeBufferPointer(OpusPacket.hasForwardErrorCorrection) }
    }
    #expect(copies(harness.packets[...]) == 0)
    for _ in 0..<5 { harness.playout.received(fractionLost: 26, roundTrip: .milliseconds(80)) }
    let before = harness.packets.count
    _ = harness.playout.append(speech)
    harness.run(milliseconds: 3200)
    #expect(copies(harness.packets[before...]) > 50)

    var narrow = PlayoutHarness(PlayoutFormat(.opus, maximumBitrate: 10_000, usesFEC: false))
    for _ in 0..<20 { narrow.playout.received(fractionLost: 0, roundTrip: nil) }
    narrow.playout.received(fractionLost: 40, roundTrip: nil)
    _ = narrow.playout.append(speech)
    narrow.run(milliseconds: 3200)
    #expect(narrow.packets.reduce(0) { $0 + $1.payload.count } < 3 * 10_000 / 8 * 5 / 4)
    #expect(copies(narrow.packets[...]) == 0)
  }
}
