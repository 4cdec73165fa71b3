import Testing

@testable import Media

struct RTCPCompoundTests {
  @Test
  func aSenderReportIsRead() throws {
    let compound = RTCPSamples.senderReport
    guard case .senderReport(let report)? = try readRTCP(compound).first else { return #expect(Bool(false)) }
    #expect(report.ssrc == 0xcafe_babe && report.ntpTimestamp.rawValue == 0xb44d_b705_2000_0000)
    #expect(report.rtpTimestamp == 0x960 && report.packetCount == 100 && report.octetCount == 10_000)
    #expect(
      blocks(report.reportBlocks, compound) == [
        ReportBlock(
          ssrc: 0xdead_beef, fractionLost: 64, cumulativeLost: -2, extendedHighestSequenceNumber: 0x12345, jitter: 7,
          lastSenderReport: 0xb705_2000, delaySinceLastSenderReport: 0x54000)
      ])
    #expect(report.reportBlocks?.block(at: 1, in: compound.span.bytes) == nil)
    #expect(report.reportBlocks?.block(at: -1, in: compound.span.bytes) == nil)
  }

  @Test
  func namesAreFoundBySource() throws {
    let compound = RTCPSamples.description
    guard case .sourceDescription(let description)? = try readRTCP(compound).first else {
      return #expect(Bool(false))
    }
    func name(_ ssrc: UInt32) -> String? {
      description.canonicalName(of: ssrc, in: compound.span.bytes).map {
        String(decoding: compound[$0], as: UTF8.self)
      }
    }
    #expect(name(1) == "abc" && name(2) == "hi" && name(3) == nil)
  }

  @Test
  func missingPacketsAreRead() throws {
    guard case .genericNACK(let nack)? = try readRTCP(RTCPSamples.nack).first else { return #expect(Bool(false)) }
    #expect(nack.senderSSRC == 1 && nack.mediaSSRC == 2)
    #expect(lost(nack, RTCPSamples.nack) == [65534, 65535, 1, 14, 256])
  }

  @Test
  func theOtherTypesAreTold() throws {
    let compound =
      RTCPSamples.receiverReport + RTCPSamples.goodbye + RTCPSamples.pictureLoss + RTCPSamples.fullIntra
      + RTCPSamples.application
    let packets = try readRTCP(compound)
    #expect(packets.count == 5)
    guard case .receiverReport(let report) = packets[0], case .goodbye(let goodbye) = packets[1],
      case .pictureLossIndication(let loss) = packets[2], case .fullIntraRequest(let intra) = packets[3],
      case .other(204, 0) = packets[4]
    else { return #expect(Bool(false)) }
    #expect(report.ssrc == 1 && report.reportBlocks?.count == 0)
    #expect((0..<3).map { goodbye.ssrc(at: $0, in: compound.span.bytes) } == [1, 2, nil])
    #expect(loss.senderSSRC == 1 && loss.mediaSSRC == 2 && intra.senderSSRC == 1)
  }

  @Test
  func paddingMayBeInTheLastPacketOnly() throws {
    #expect(try readRTCP(RTCPSamples.receiverReport + RTCPSamples.padded).count == 2)
    #expect(throws: RTCPError.badPadding) { try readRTCP(RTCPSamples.padded + RTCPSamples.receiverReport) }
    // Zero, not a multiple of four, and more than the packet.
    for padding in [0, 3, 12] as [UInt8] {
      #expect(throws: RTCPError.badPadding) { try readRTCP(RTCPSamples.padded.dropLast() + [padding]) }
    }
  }

  @Test(arguments: [
    // More blocks, chunks, sources than there are.
    "82 c9 0001 00000001", "81 c8 0006 00000001 00000000 00000000 00000000 00000000 00000000",
    "80 c8 0005 00000001 00000000 00000000 00000000 00000000", "80 c9 0000",
    "82 ca 0002 00000001 00000000", "82 cb 0001 00000001", "81 cb 0002 00000001 09 686900",
    // Items that go on past the packet, and no zero at the end.
    "81 ca 0002 00000001 01 04 6162", "81 ca 0002 00000001 01 02 6162",
    "81 ca 0001 00000001",
    // Feedback without what it is about.
    "81 cd 0001 00000001", "81 cd 0002 00000001 00000002", "81 ce 0003 00000001 00000002 00000003",
    "84 ce 0002 00000001 00000002", "84 ce 0003 00000001 00000002 00000003",
  ])
  func contentsThatDoNotFitAreRefused(hex: String) {
    #expect(throws: RTCPError.self) { try readRTCP(bytes(hex)) }
    // What came before is still read.
    let compound = RTCPSamples.receiverReport + bytes(hex)
    #expect(throws: Never.self) { try RTCPCompound(compound.span.bytes) }
    #expect(throws: RTCPError.self) { try readRTCP(compound) }
  }

  @Test
  func lengthsHaveToFitToTheLastByte() {
    for sample in RTCPSamples.all {
      #expect(throws: Never.self) { try readRTCP(sample) }
      for extra in 1...3 {
        #expect(throws: RTCPError.self) { try readRTCP(sample + [UInt8](repeating: 0x80, count: extra)) }
      }
      #expect(throws: RTCPError.self) { try readRTCP(sample + [0, 0, 0, 0]) }
      for length in 0..<sample.count {
        let cut = Array(sample.prefix(length))
        RTCPCompound.exercise(cut.span.bytes)
        if length % 4 != 0 || length == 0 { #expect(throws: RTCPError.self) { try readRTCP(cut) } }
      }
    }
  }

  @Test
  func nothingTrapsOnMutatedPackets() {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<60_000 {
      guard let sample = RTCPSamples.all.randomElement(using: &generator) else { return }
      RTCPCompound.exercise(mutated(sample, using: &generator).span.bytes)
    }
  }
}
