import Runtime

extension Peer {
  /// Takes a datagram.
  ///
  /// - Parameters:
  ///   - datagram: Of the length that was received, aligned to four bytes. It is decrypted in place, and after `.audio`
  ///     holds the payload.
  ///   - source: Where it came from.
  ///   - local: Where it came in.
  public mutating func receive(
    _ datagram: inout MutableRawSpan, from source: TransportAddress, at local: TransportAddress, now: Instant
  ) -> PeerInput {
    self.now = now
    figures.packetsReceived &+= 1
    figures.bytesReceived &+= UInt64(truncatingIfNeeded: datagram.byteCount)
    guard !isOver else { return .dropped(.unexpected) }
    guard let kind = Demux.kind(of: datagram.bytes) else { return .dropped(.malformed) }
    if kind == .stun { return receiveSTUN(datagram.bytes, from: source, at: local) }
    guard source == remoteAddress || path.isValid(source, at: now) || mayHave(datagram.bytes, kind, from: source)
    else { return .dropped(.uncheckedAddress) }
    switch kind {
    case .dtls: return receiveDTLS(datagram.bytes, from: source, at: local)
    case .rtp: return receiveRTP(&datagram, from: source, at: local)
    case .rtcp: return receiveRTCP(&datagram, from: source, at: local)
    case .stun: return .dropped(.malformed)
    }
  }

  // MARK: STUN

  private mutating func receiveSTUN(
    _ datagram: RawSpan, from source: TransportAddress, at local: TransportAddress
  ) -> PeerInput {
    guard let message = STUNMessage(datagram) else { return .dropped(.malformed) }
    var bytes = reply.bytes
    var span = bytes.mutableSpan
    var buffer = span.mutableBytes
    let output = path.receive(message, in: datagram, from: source, at: now, reply: &buffer)
    guard output.isAuthentic else { return .dropped(.notAuthentic) }
    reply = PendingReply(
      bytes: bytes, byteCount: output.replyByteCount, transmit: (destination: source, source: local))
    if let event = output.event { take(event) }
    if source == remoteAddress { localAddress = local }
    return .stun
  }

  mutating func take(_ event: IceEvent) {
    switch event {
    case .selected(let address), .addressChanged(let address): remoteAddress = address
    case .consentExpired: remoteAddress = nil
    case .disconnected, .reconnected: break
    }
    figures.count(event)
    tell(.path(event))
    connectIfReady()
    if remoteAddress != nil { beginHandshakeAsClient() }
  }

  /// Media may flow once there are keys and an address.
  mutating func connectIfReady() {
    guard state == .connecting, keys != nil, remoteAddress != nil else { return }
    state = .connected
    schedule.hurry(at: now)
    tell(.connected)
  }

  // MARK: RTP

  private mutating func receiveRTP(
    _ datagram: inout MutableRawSpan, from source: TransportAddress, at local: TransportAddress
  ) -> PeerInput {
    guard receiver != nil else { return .dropped(.unexpected) }
    let received: SRTPReceiver.Received
    // Of the stream so far: only what is newer says where the other side is now.
    let isElsewhere = source != remoteAddress
    let newest = isElsewhere || path.isLatched ? newestIndex(datagram.bytes) : nil
    do throws(SRTPError) {
      received = try receiver!.unprotectRTP(&datagram)
    } catch {
      return .dropped(.srtp(error))
    }
    if path.isLatched {
      latch(source, local, isNewest: newest.map { received.index > $0 } ?? true)
    } else if isElsewhere, newest.map({ received.index > $0 }) ?? true {
      heard(from: source, at: local)
    }
    let header = received.header
    let packet = datagram.bytes.extracting(first: received.length)
    guard let entry = payloads[header.payloadType] else { return .dropped(.unknownPayloadType) }
    guard let payload = try? header.payload(in: packet) else { return .dropped(.malformed) }

    let place = place(of: header.ssrc)
    let index = place ?? addSource(header.ssrc, entry)
    if !sources[index].isSectionCertain { findSection(of: index, header, packet) }
    sources[index].report.received(header.sequenceNumber, timestamp: header.timestamp, at: now)
    let wasAskedFor = sources[index].nack?.received(header.sequenceNumber, at: now) ?? false
    sources[index].lastPacket = now
    sources[index].figures.bytesReceived &+= UInt64(truncatingIfNeeded: payload.count)
    sources[index].figures.headerBytesReceived &+= UInt64(truncatingIfNeeded: received.length &- payload.count)
    if wasAskedFor { sources[index].figures.retransmittedPacketsReceived &+= 1 }
    return .audio(
      ReceivedAudio(
        payload: payload, index: received.index, timestamp: header.timestamp, ssrc: header.ssrc,
        marker: header.marker, isTelephoneEvent: entry.isTelephoneEvent, isNewSource: place == nil,
        isRetransmission: wasAskedFor, section: sources[index].section,
        audioLevel: payloads.audioLevelID == 0 ? nil : header.audioLevel(id: payloads.audioLevelID, in: packet)))
  }

  func newestIndex(_ datagram: RawSpan) -> PacketIndex? {
    receiver!.highestIndex(of: datagram.uint32(at: 8))
  }

  private mutating func latch(_ source: TransportAddress, _ local: TransportAddress, isNewest: Bool) {
    if let event = path.latched?.received(from: source, isNewest: isNewest, at: now) ?? nil { take(event) }
    if source == remoteAddress { localAddress = local }
  }

  private func place(of ssrc: UInt32) -> Int? {
    for index in sources.indices where sources[index].ssrc == ssrc { return index }
    return nil
  }

  private mutating func addSource(_ ssrc: UInt32, _ entry: PayloadTable.Entry) -> Int {
    let source = IncomingAudio(ssrc: ssrc, entry, usefulAge: configuration.retransmissionUsefulAge, at: now)
    guard sources.count == IncomingAudio.capacity else {
      sources.append(source)
      return sources.count - 1
    }
    var oldest = 0
    for index in sources.indices where sources[index].lastPacket < sources[oldest].lastPacket { oldest = index }
    sources[oldest] = source
    return oldest
  }

  /// By the mid that the packet carries (RFC 8843, section 9.2).
  private mutating func findSection(of index: Int, _ header: RTPHeader, _ packet: RawSpan) {
    guard audio.count > 1, let id = audio[0].midID, let value = header.extensionValue(id, in: packet) else { return }
    for section in audio where section.direction.receives {
      guard let mid = section.mid?.utf8, mid.count == value.count,
        zip(mid, value).allSatisfy({ $0 == packet.uint8(at: $1) })
      else { continue }
      sources[index].section = section.section
      sources[index].isSectionCertain = true
    }
  }

  // MARK: RTCP

  private mutating func receiveRTCP(
    _ datagram: inout MutableRawSpan, from source: TransportAddress, at local: TransportAddress
  ) -> PeerInput {
    guard receiver != nil else { return .dropped(.unexpected) }
    let length: Int
    do throws(SRTPError) {
      length = try receiver!.unprotectRTCP(&datagram)
    } catch {
      return .dropped(.srtp(error))
    }
    // It has no place among RTP's indices, so it can confirm an address but not change it.
    if path.isLatched { latch(source, local, isNewest: remoteAddress == nil) }
    let bytes = datagram.bytes.extracting(first: length)
    guard var compound = try? RTCPCompound(bytes) else { return .dropped(.malformed) }
    while let packet = try? compound.next(in: bytes) { take(packet, bytes) }
    return .rtcp
  }

  private mutating func take(_ packet: RTCPPacket, _ bytes: RawSpan) {
    switch packet {
    case .senderReport(let report):
      if let place = place(of: report.ssrc) { sources[place].report.received(report, at: now) }
      take(report.reportBlocks, bytes)
    case .receiverReport(let report): take(report.reportBlocks, bytes)
    case .goodbye(let goodbye):
      for index in 0..<goodbye.count {
        guard let ssrc = goodbye.ssrc(at: index, in: bytes), let place = place(of: ssrc) else { continue }
        sources.remove(at: place)
        tell(.goodbye(ssrc: ssrc))
      }
    case .genericNACK(let nack): take(nack, bytes)
    case .sourceDescription, .pictureLossIndication, .fullIntraRequest, .other: break
    }
  }

  private mutating func take(_ blocks: ReportBlocks?, _ bytes: RawSpan) {
    guard let blocks else { return }
    for position in 0..<blocks.count {
      guard let block = blocks.block(at: position, in: bytes), let index = streams.index(of: block.ssrc) else {
        continue
      }
      streams[index].report.received(block, at: now)
      streams[index].lastBlock = block
    }
    guard let roundTripTime else { return }
    for index in sources.indices { sources[index].nack?.roundTripTime = roundTripTime }
  }

  private mutating func take(_ nack: GenericNACK, _ bytes: RawSpan) {
    guard let index = streams.index(of: nack.mediaSSRC), streams[index].cache != nil else { return }
    streams[index].figures.nackCount &+= 1
    for position in 0..<nack.count {
      guard var entry = nack.entry(at: position, in: bytes) else { continue }
      while let sequenceNumber = entry.next() { retransmissions.append(stream: index, sequenceNumber) }
    }
  }
}

/// A STUN response until it is sent.
struct PendingReply {
  /// The longest is a success with an IPv6 address: 76 bytes.
  var bytes = InlineArray<128, UInt8>(repeating: 0)
  /// 0 when there is none.
  var byteCount = 0
  var transmit = (destination: TransportAddress.unspecified, source: TransportAddress.unspecified)
}
