import Runtime

extension Peer {
  /// Streams that audio can be sent in, one for each section whose direction sends; at least one once connected.
  public var streamCount: Int { streams.count }

  /// What this peer's stream has as its SSRC. Nil for no such stream.
  public func ssrc(ofStream index: Int) -> UInt32? {
    index >= 0 && index < streams.count ? streams[index].ssrc : nil
  }

  /// Sends a packet of our own.
  ///
  /// Its timestamp is where the packet before ended. After a silence the first is to have `marker`, and is put where the
  /// clock on the wall is.
  ///
  /// - Parameters:
  ///   - payload: Of the negotiated codec.
  ///   - samples: That the payload holds, in units of the codec's clock: 960 for 20 ms of Opus.
  ///   - marker: Whether a talkspurt begins (RFC 3551, section 4.1).
  ///   - stream: Below `streamCount`.
  ///   - buffer: Gets the datagram. `PeerTransmit.maximumByteCount` bytes, aligned to four.
  /// - Returns: Nil when nothing may be sent: not connected, no consent, on hold, no reserved index, or no room.
  public mutating func send(
    _ payload: RawSpan, samples: UInt32, marker: Bool, audioLevel: AudioLevel? = nil, stream: Int = 0, now: Instant,
    into buffer: inout MutableRawSpan
  ) -> PeerTransmit? {
    guard canSend(stream) else { return nil }
    self.now = now
    var own = streams[stream].own
    var rewriter = streams[stream].rewriter
    own.begin(marker, streams[stream].clock, at: now)
    let output = rewriter.rewrite(
      source: streams[stream].ssrc, own.sequenceNumber, timestamp: own.timestamp, marker: marker, at: now)
    own.sent(samples: samples)
    guard let output, let transmit = transmit(payload, output, audioLevel, stream, &buffer) else { return nil }
    // Numbers count as used only when the packet goes out.
    streams[stream].own = own
    streams[stream].rewriter = rewriter
    return transmit
  }

  /// Sends on what another peer received. Its numbers are joined to those of the stream, see `RTPRewriter`.
  ///
  /// - Parameters:
  ///   - packet: With the clock rate and payload of this stream's codec.
  ///   - payload: The bytes at `packet.payload`.
  /// - Returns: Nil when nothing may be sent, or when the packet came too late to have a place.
  public mutating func forward(
    _ packet: borrowing ReceivedAudio, _ payload: RawSpan, stream: Int = 0, now: Instant,
    into buffer: inout MutableRawSpan
  ) -> PeerTransmit? {
    guard canSend(stream) else { return nil }
    self.now = now
    var rewriter = streams[stream].rewriter
    let output = rewriter.rewrite(
      source: packet.ssrc, packet.sequenceNumber, timestamp: packet.timestamp, marker: packet.marker, at: now)
    guard let output, let transmit = transmit(payload, output, packet.audioLevel, stream, &buffer) else { return nil }
    streams[stream].rewriter = rewriter
    return transmit
  }

  /// A packet of the source that is being forwarded is not to be sent on, such as silence: no gap is left in its place.
  public mutating func omit(_ packet: borrowing ReceivedAudio, stream: Int = 0, now: Instant) {
    guard stream >= 0, stream < streams.count else { return }
    streams[stream].rewriter.omit(
      source: packet.ssrc, packet.sequenceNumber, timestamp: packet.timestamp, at: now)
  }

  private func canSend(_ stream: Int) -> Bool {
    remoteAddress != nil && sender != nil && !isOver && stream >= 0 && stream < streams.count && streams[stream].isOn
  }

  private mutating func transmit(
    _ payload: RawSpan, _ numbers: RTPRewriter.Output, _ audioLevel: AudioLevel?, _ stream: Int,
    _ buffer: inout MutableRawSpan
  ) -> PeerTransmit? {
    guard let remoteAddress,
      let start = streams[stream].writer.write(
        to: &buffer, marker: numbers.marker, sequenceNumber: numbers.sequenceNumber, timestamp: numbers.timestamp,
        audioLevel: audioLevel),
      buffer.byteCount - start >= payload.byteCount
    else { return nil }
    buffer.copy(payload, at: start)
    guard let length = try? sender!.protectRTP(&buffer, length: start + payload.byteCount) else { return nil }

    if streams[stream].cache != nil {
      streams[stream].cache!.store(buffer.bytes.extracting(first: length), numbers.sequenceNumber, at: now)
    }
    streams[stream].report.sent(timestamp: numbers.timestamp, payloadLength: payload.byteCount, at: now)
    streams[stream].figures.packetsSent &+= 1
    streams[stream].figures.bytesSent &+= UInt64(truncatingIfNeeded: payload.byteCount)
    streams[stream].figures.headerBytesSent &+= UInt64(truncatingIfNeeded: length &- payload.byteCount)
    return counted(PeerTransmit(destination: remoteAddress, source: localAddress, byteCount: length))
  }

  mutating func counted(_ transmit: PeerTransmit) -> PeerTransmit {
    figures.packetsSent &+= 1
    figures.bytesSent &+= UInt64(truncatingIfNeeded: transmit.byteCount)
    return transmit
  }
}

// MARK: - Streams

extension Peer {
  /// One for each section that sends, and one at least: reports are sent under its SSRC. Those that are there stay.
  mutating func addStreams() {
    for section in audio where section.direction.sends && !hasStream(section.section) { addStream(section) }
    if streams.count == 0 { addStream(audio.first ?? PeerAudio(payloadType: 0, clockRate: 8000)) }
    takeReservations()
  }

  private func hasStream(_ section: Int) -> Bool {
    for index in 0..<streams.count where streams[index].section == section { return true }
    return false
  }

  private mutating func addStream(_ audio: PeerAudio) {
    guard sender != nil, streams.count < OutgoingStreams.capacity else { return }
    let resumed = checkpoint?.stream(at: streams.count)
    do throws(SRTPError) {
      let ssrc: UInt32
      if let resumed {
        ssrc = resumed.reservation.ssrc
        try sender!.addStream(resuming: resumed.reservation)
      } else {
        ssrc = streams.count == 0 ? configuration.ssrc : UInt32(truncatingIfNeeded: randomness.next())
        try sender!.addStream(ssrc, using: &randomness)
      }
      guard let first = sender!.nextIndex(ssrc)?.sequenceNumber else { return }
      let timestamp =
        resumed?.timestamp(at: configuration.wallClock.unixNanoseconds(at: now), clockRate: audio.clockRate)
        ?? UInt32(truncatingIfNeeded: randomness.next())
      _ = streams.append(
        OutgoingAudio(
          audio, ssrc: ssrc, startingAt: first, timestamp: timestamp, resumed: resumed != nil))
    } catch {
      fail(.srtp(error))
    }
  }
}

extension MutableRawSpan {
  /// Has to have room.
  mutating func copy(_ source: RawSpan, at offset: Int) {
    withUnsafeMutableBytes { bytes in
      source.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: bytes[offset...]).copyMemory(from: $0) }
    }
  }
}
