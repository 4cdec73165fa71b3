import Testing

@testable import Media

struct RTCPWriterTests {
  private let block = ReportBlock(
    ssrc: 0xdead_beef, fractionLost: 64, cumulativeLost: -2, extendedHighestSequenceNumber: 0x12345, jitter: 7,
    lastSenderReport: 0xb705_2000, delaySinceLastSenderReport: 0x54000)
  private let report = SenderReport(
    ssrc: 0xcafe_babe, ntpTimestamp: NTPTimestamp(rawValue: 0xb44d_b705_2000_0000), rtpTimestamp: 0x960,
    packetCount: 100, octetCount: 10_000)

  @Test
  func aSenderReportIsWrittenAsItIsRead() {
    let written = writeRTCP { writer, buffer in
      _ = writer.write(report, to: &buffer)
      _ = writer.write(block, to: &buffer)
    }
    #expect(written == RTCPSamples.senderReport)
  }

  @Test
  func aCompoundHoldsAllThatWasWritten() throws {
    for length in 0...40 {
      let name = String(repeating: "n", count: length)
      let compound = writeRTCP { writer, buffer in
        _ = writer.write(ReceiverReport(ssrc: 1), to: &buffer)
        _ = writer.write(block, to: &buffer)
        _ = writer.write(block, to: &buffer)
        _ = writer.writeSourceDescription(of: 1, canonicalName: name, to: &buffer)
        _ = writer.writeGoodbye(of: 1, to: &buffer)
      }
      let packets = try readRTCP(compound)
      #expect(packets.count == 3)
      guard case .receiverReport(let report) = packets[0], case .sourceDescription(let description) = packets[1],
        case .goodbye(let goodbye) = packets[2]
      else { return #expect(Bool(false)) }
      #expect(blocks(report.reportBlocks, compound) == [block, block])
      let found = description.canonicalName(of: 1, in: compound.span.bytes)
      #expect(found.map { String(decoding: compound[$0], as: UTF8.self) } == name)
      #expect(goodbye.ssrc(at: 0, in: compound.span.bytes) == 1)
    }
  }

  @Test
  func requestsForMissingPacketsAreReadBack() throws {
    var batch = NACKBatch()
    let numbers = [65530, 65531, 65535, 5, 10, 11, 27, 28] as [UInt16]
    for number in numbers { #expect(batch.add(SequenceNumber(number)) == true) }
    // 65530 … 10 fit one entry, 11 … 27 the next.
    #expect(batch.count == 3 && lost(batch) == numbers)
    let packet = writeRTCP { writer, buffer in
      _ = writer.writeGenericNACK(batch, from: 3, of: 4, to: &buffer)
    }
    guard case .genericNACK(let nack)? = try readRTCP(packet).first else { return #expect(Bool(false)) }
    #expect(nack.senderSSRC == 3 && nack.mediaSSRC == 4)
    #expect(lost(nack, packet) == numbers)
  }

  @Test
  func whatFindsNoRoomIsLeftOut() {
    for room in 0..<200 {
      var complete = 0
      let compound = writeRTCP(room: room) { writer, buffer in
        var batch = NACKBatch()
        _ = batch.add(1)
        if writer.write(report, to: &buffer) { complete += 28 }
        if complete > 0, writer.write(block, to: &buffer) { complete += 24 }
        if writer.writeSourceDescription(of: 1, canonicalName: "name", to: &buffer) { complete += 16 }
        if writer.writeGenericNACK(batch, from: 1, of: 2, to: &buffer) { complete += 16 }
        if writer.writeGoodbye(of: 1, to: &buffer) { complete += 8 }
      }
      #expect(compound.count == complete)
      if complete > 0 { #expect(throws: Never.self) { try readRTCP(compound) } }
    }
  }

  @Test
  func aReportHoldsAtMost31Blocks() throws {
    let compound = writeRTCP { writer, buffer in
      #expect(writer.write(block, to: &buffer) == false)
      _ = writer.write(report, to: &buffer)
      for _ in 0..<31 { #expect(writer.write(block, to: &buffer) == true) }
      #expect(writer.write(block, to: &buffer) == false)
    }
    guard case .senderReport(let read)? = try readRTCP(compound).first else { return #expect(Bool(false)) }
    #expect(blocks(read.reportBlocks, compound).count == 31)
  }

  @Test
  func aNameThatIsTooLongIsNotWritten() {
    let written = writeRTCP { writer, buffer in
      let name = String(repeating: "n", count: 256)
      #expect(writer.writeSourceDescription(of: 1, canonicalName: name, to: &buffer) == false)
      #expect(writer.writeSourceDescription(of: 1, canonicalName: String(name.dropLast()), to: &buffer) == true)
    }
    #expect(throws: Never.self) { try readRTCP(written) }
  }
}
