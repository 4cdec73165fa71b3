import Runtime

extension Peer {
  /// The next datagram to send, written into `buffer`; nil when there is none.
  ///
  /// - Parameter buffer: Of `PeerTransmit.maximumByteCount` bytes, aligned to four. What does not fit is lost.
  public mutating func pollTransmit(into buffer: inout MutableRawSpan) -> PeerTransmit? {
    guard let transmit = nextTransmit(&buffer) else { return nil }
    return counted(transmit)
  }

  private mutating func nextTransmit(_ buffer: inout MutableRawSpan) -> PeerTransmit? {
    if let transmit = takeReply(&buffer) { return transmit }
    if let transmit = takeDTLS(&buffer) { return transmit }
    if isLeaving { return takeGoodbye(&buffer) }
    guard !isOver else { return nil }
    if let check = path.nextCheck(at: now, using: &randomness, into: &buffer) {
      let source = check.destination == path.unconfirmedAddress ? unconfirmedLocalAddress : localAddress
      return PeerTransmit(destination: check.destination, source: source, byteCount: check.byteCount)
    }
    guard let remoteAddress, sender != nil, streams.count > 0 else { return nil }
    if let transmit = takeRetransmission(to: remoteAddress, &buffer) { return transmit }
    if let transmit = takeNACK(to: remoteAddress, &buffer) { return transmit }
    guard isReportDue else { return nil }
    isReportDue = false
    schedule.sent(at: now, using: &randomness)
    return takeReport(to: remoteAddress, saysGoodbye: false, &buffer)
  }

  private mutating func takeReply(_ buffer: inout MutableRawSpan) -> PeerTransmit? {
    let count = reply.byteCount
    guard count > 0 else { return nil }
    reply.byteCount = 0
    guard count <= buffer.byteCount else { return nil }
    buffer.copy(reply.bytes.span.bytes.extracting(first: count), at: 0)
    return PeerTransmit(
      destination: reply.transmit.destination, source: reply.transmit.source, byteCount: count)
  }

  private mutating func takeDTLS(_ buffer: inout MutableRawSpan) -> PeerTransmit? {
    guard let dtls else { return nil }
    while let datagram = dtls.pollTransmit() {
      guard datagram.count <= buffer.byteCount, let destination = dtlsDestination else { continue }
      buffer.copy(datagram.span.bytes, at: 0)
      return PeerTransmit(destination: destination, source: localAddress, byteCount: datagram.count)
    }
    return nil
  }

  private var dtlsDestination: TransportAddress? {
    if let remoteAddress { return remoteAddress }
    guard let dtlsAddress, path.isValid(dtlsAddress, at: now) else { return nil }
    return dtlsAddress
  }

  private mutating func takeRetransmission(
    to destination: TransportAddress, _ buffer: inout MutableRawSpan
  ) -> PeerTransmit? {
    let interval = max(roundTripTime ?? .milliseconds(100), .milliseconds(20))
    while let (stream, sequenceNumber) = retransmissions.popFirst() {
      guard streams[stream].isOn, streams[stream].cache != nil,
        let length = streams[stream].cache!.copy(sequenceNumber, to: &buffer, at: now, interval: interval)
      else { continue }
      streams[stream].figures.retransmittedPacketsSent &+= 1
      return PeerTransmit(destination: destination, source: localAddress, byteCount: length)
    }
    return nil
  }

  // MARK: RTCP

  private mutating func takeNACK(
    to destination: TransportAddress, _ buffer: inout MutableRawSpan
  ) -> PeerTransmit? {
    for index in sources.indices {
      guard let deadline = sources[index].nack?.nextDeadline, deadline <= now,
        let batch = sources[index].nack?.takeDue(at: now), !batch.isEmpty
      else { continue }
      var writer = RTCPWriter()
      let ssrc = streams[0].ssrc
      if !audio.isEmpty, !audio[0].reducedSizeRTCP {
        _ = writer.write(ReceiverReport(ssrc: ssrc), to: &buffer)
        _ = writer.writeSourceDescription(of: ssrc, canonicalName: configuration.canonicalName, to: &buffer)
      }
      guard writer.writeGenericNACK(batch, from: ssrc, of: sources[index].ssrc, to: &buffer) else { continue }
      sources[index].figures.nackCount &+= 1
      return protect(writer, to: destination, &buffer)
    }
    return nil
  }

  /// What the streams have sent and how the sources are received, in one compound (RFC 3550, section 6.1).
  private mutating func takeReport(
    to destination: TransportAddress, saysGoodbye: Bool, _ buffer: inout MutableRawSpan
  ) -> PeerTransmit? {
    var writer = RTCPWriter()
    for stream in 0..<streams.count {
      let wallClock = configuration.wallClock.ntp(at: now)
      if let report = streams[stream].report.makeReport(at: now, wallClock: wallClock) {
        _ = writer.write(report, to: &buffer)
      } else if stream == 0 {
        _ = writer.write(ReceiverReport(ssrc: streams[0].ssrc), to: &buffer)
      } else {
        continue
      }
      if stream == 0 { writeBlocks(&writer, &buffer) }
      _ = writer.writeSourceDescription(
        of: streams[stream].ssrc, canonicalName: configuration.canonicalName, to: &buffer)
    }
    if saysGoodbye {
      for stream in 0..<streams.count { _ = writer.writeGoodbye(of: streams[stream].ssrc, to: &buffer) }
    }
    return protect(writer, to: destination, &buffer)
  }

  private mutating func writeBlocks(_ writer: inout RTCPWriter, _ buffer: inout MutableRawSpan) {
    for index in sources.indices {
      let packets = sources[index].report.statistics.packetsReceived
      guard packets != sources[index].reportedPackets else { continue }
      sources[index].reportedPackets = packets
      if let block = sources[index].report.makeReportBlock(at: now) { _ = writer.write(block, to: &buffer) }
    }
  }

  private mutating func protect(
    _ writer: RTCPWriter, to destination: TransportAddress, _ buffer: inout MutableRawSpan
  ) -> PeerTransmit? {
    guard let length = try? sender!.protectRTCP(&buffer, length: writer.count) else { return nil }
    return PeerTransmit(destination: destination, source: localAddress, byteCount: length)
  }

  private mutating func takeGoodbye(_ buffer: inout MutableRawSpan) -> PeerTransmit? {
    isLeaving = false
    guard let destination = remoteAddress, sender != nil, streams.count > 0 else { return nil }
    let transmit = takeReport(to: destination, saysGoodbye: true, &buffer)
    sender = nil
    receiver = nil
    return transmit
  }
}
