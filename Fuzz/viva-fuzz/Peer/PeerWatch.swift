import Media
import Runtime

/// What must hold of a peer whatever it gets: it believes nothing that was not sealed for it, sends nothing to where
/// nobody authentic is, uses no number twice with a key, and counts rightly.
struct PeerWatch {
  private let plan: FuzzedCallPlan
  private let consent: Duration
  /// When something authentic last came from an address.
  private var authenticated: [TransportAddress: Instant] = [:]
  /// Where something sealed came from as media, which a check may be sent to and nothing else.
  private var heard: Set<TransportAddress> = []
  private var counted = Counts()
  /// Sequence numbers of RTP and indices of SRTCP that were used, under their SSRC.
  private var used: Set<UInt64> = []
  /// Of each of the peer's streams.
  private(set) var newest: [UInt32: UInt16] = [:]
  private var hasConnected = false
  private var isOver = false
  private var wasOver = false

  /// Of one process.
  private struct Counts {
    var packetsReceived: UInt64 = 0
    var bytesReceived: UInt64 = 0
    var packetsSent: UInt64 = 0
    var bytesSent: UInt64 = 0
    /// Audio packets that were given out.
    var heard: UInt64 = 0
    /// Audio packets that were sent: how many, the bytes of their payloads, and theirs.
    var spoken: (packets: UInt64, payload: UInt64, whole: UInt64) = (0, 0, 0)
    /// Datagrams that are no audio, or audio again.
    var polled: UInt64 = 0
  }

  init(_ plan: FuzzedCallPlan, consent: Duration) {
    self.plan = plan
    self.consent = consent
  }

  // MARK: In

  mutating func delivers(_ datagram: FuzzedClient.Datagram, from source: TransportAddress, at now: Instant) {
    counted.packetsReceived += 1
    counted.bytesReceived += UInt64(datagram.bytes.count)
    switch (datagram.seal, plan.kind) {
    case (.stun, .ice), (.stun, .dtls), (.rtp, .latching), (.rtcp, .latching): authenticated[source] = now
    case (.rtp, .ice): heard.insert(source)
    default: break
    }
  }

  mutating func took(_ input: PeerInput, _ bytes: [UInt8], _ datagram: FuzzedClient.Datagram) {
    switch (input, datagram.seal) {
    case (.audio(let audio), .rtp(let packet)):
      counted.heard += 1
      expect(plan.kind != .dtls, "audio without keys")
      expect(audio.payload.upperBound <= packet.count, "a payload beyond its packet")
      expect(bytes[audio.payload] == packet[audio.payload], "another payload than was sent")
    case (.audio, _): fatalError("audio that nobody has sealed")
    case (.rtcp, .rtcp), (.stun, .stun): break
    case (.rtcp, _): fatalError("reports that nobody has sealed")
    case (.stun, _): fatalError("STUN that nobody has sealed")
    case (.dtls, _): expect(plan.kind == .dtls, "DTLS where there is none")
    case (.dropped, _): break
    }
  }

  // MARK: Out

  /// Of `send` and `forward`.
  mutating func sent(_ transmit: PeerTransmit, _ bytes: [UInt8], payloadBytes: Int, at now: Instant) {
    check(transmit, at: now)
    counted.spoken.packets += 1
    counted.spoken.payload += UInt64(payloadBytes)
    counted.spoken.whole += UInt64(transmit.byteCount)
    let ssrc = Self.uint32(bytes, 8)
    let sequenceNumber = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    newest[ssrc] = sequenceNumber
    use(UInt64(ssrc) << 32 | UInt64(sequenceNumber))
  }

  /// - Returns: the id of the check, when it is one.
  mutating func polled(_ transmit: PeerTransmit, _ bytes: [UInt8], at now: Instant) -> TransactionID? {
    if bytes[0] == 0, bytes[1] == 1, heard.contains(transmit.destination) {
      check(transmit)
    } else {
      check(transmit, at: now)
    }
    counted.polled += 1
    switch (bytes[0], bytes[1]) {
    case (0, 1):
      return TransactionID(
        high: Self.uint32(bytes, 8), low: UInt64(Self.uint32(bytes, 12)) << 32 | UInt64(Self.uint32(bytes, 16)))
    case (128...191, 192...223):
      // The index is behind the tag, or before it (RFC 3711, section 3.4; RFC 7714, section 9.3).
      let tail = plan.profile == .aeadAES128GCM ? 4 : 14
      use(
        1 << 63 | UInt64(Self.uint32(bytes, 4) & 0x7FFF_FFFF) << 32
          | UInt64(Self.uint32(bytes, transmit.byteCount - tail)))
    default: break
    }
    return nil
  }

  private mutating func use(_ number: UInt64) {
    expect(used.insert(number).inserted, "a number is used twice with a key: \(number)")
  }

  private mutating func check(_ transmit: PeerTransmit) {
    counted.packetsSent += 1
    counted.bytesSent += UInt64(transmit.byteCount)
    expect((1...PeerTransmit.maximumByteCount).contains(transmit.byteCount), "\(transmit.byteCount) bytes")
  }

  private mutating func check(_ transmit: PeerTransmit, at now: Instant) {
    check(transmit)
    guard let last = authenticated[transmit.destination] else {
      fatalError("something is sent to \(transmit.destination), which never authenticated itself")
    }
    expect(now - last <= consent, "something is sent \(now - last) after consent")
  }

  mutating func drained(_ count: Int) {
    expect(!wasOver || count == 0, "something is sent after the end")
    wasOver = isOver
  }

  mutating func told(_ event: PeerEvent, at now: Instant) {
    switch event {
    case .path(.addressChanged(let address)):
      expect(authenticated[address].map { now - $0 <= consent } == true, "\(address) takes over without consent")
    case .connected:
      expect(!hasConnected, "connected twice")
      hasConnected = true
    case .failed: expect(!isOver, "something happens after the end")
    case .data: fatalError("data without a handshake")
    case .path, .dtlsClosed, .goodbye, .reservation: break
    }
  }

  // MARK: Between

  mutating func restored(selected: TransportAddress?, at now: Instant) {
    counted = Counts()
    hasConnected = false
    // Consent is given anew.
    if let selected { authenticated[selected] = now }
  }

  mutating func check(_ peer: borrowing Peer, at now: Instant) {
    switch peer.state {
    case .closed, .failed: isOver = true
    case .connecting, .connected: expect(!isOver, "it lives again")
    }
    expect((0...1).contains(peer.lossFraction), "\(peer.lossFraction) is lost")
    if let time = peer.roundTripTime { expect(time >= .zero, "there and back in \(time)") }
    let statistics = peer.statistics
    check(statistics.transport)
    check(statistics.inbound, at: now)
    check(statistics.outbound)
  }

  private func check(_ transport: PeerStatistics.Transport) {
    expect(transport.packetsSent == counted.packetsSent, "\(transport.packetsSent) of \(counted.packetsSent) sent")
    expect(transport.bytesSent == counted.bytesSent, "\(transport.bytesSent) of \(counted.bytesSent) bytes sent")
    expect(
      transport.packetsReceived == counted.packetsReceived && transport.bytesReceived == counted.bytesReceived,
      "\(transport.packetsReceived) of \(counted.packetsReceived) received")
  }

  private func check(_ inbound: [PeerStatistics.Inbound], at now: Instant) {
    expect(inbound.count <= 8 && Set(inbound.map(\.ssrc)).count == inbound.count, "\(inbound.count) sources")
    expect(inbound.reduce(0) { $0 + $1.packetsReceived } <= counted.heard, "more was received than came")
    for source in inbound {
      expect(source.packetsReceived > 0, "a source without packets")
      expect(source.jitter >= 0 && source.jitter.isFinite, "jitter of \(source.jitter) s")
      expect(source.retransmittedPacketsReceived <= source.packetsReceived, "more came again than came")
      expect(source.lastPacketReceivedTimestamp <= Double(now.nanoseconds) / 1e9, "a packet of the future")
    }
  }

  private func check(_ outbound: [PeerStatistics.Outbound]) {
    let packets = outbound.reduce(0) { $0 + $1.packetsSent }
    let payload = outbound.reduce(0) { $0 + $1.bytesSent }
    expect(
      packets == counted.spoken.packets && payload == counted.spoken.payload,
      "\(packets) packets of \(payload) bytes were sent")
    expect(
      payload + outbound.reduce(0) { $0 + $1.headerBytesSent } == counted.spoken.whole, "headers are counted wrongly")
    for stream in outbound {
      expect(stream.retransmittedPacketsSent <= counted.polled, "more was sent again than sent")
      guard let remote = stream.remote else { continue }
      expect((0..<1).contains(remote.fractionLost), "\(remote.fractionLost) is lost")
      expect(remote.jitter >= 0 && remote.jitter.isFinite, "jitter of \(remote.jitter) s")
      expect(remote.roundTripTime.map { $0 >= 0 && $0.isFinite } ?? true, "a round trip before it began")
    }
  }

  private static func uint32(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
    bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }
}
