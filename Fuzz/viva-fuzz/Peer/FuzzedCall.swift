import Media
import Runtime

/// A peer, and what a script does with it.
struct FuzzedCall: ~Copyable {
  static let addresses = [
    TransportAddress("192.0.2.1:1000")!, TransportAddress("192.0.2.1:1001")!, TransportAddress("198.51.100.7:9")!,
    TransportAddress("[2001:db8::1]:1000")!,
  ]
  private static let local = TransportAddress("127.0.0.1:40000")!
  /// Each goes on 2,000 packets further on: with more of them numbers would come again.
  private static let mostRestorations = 20

  private let plan: FuzzedCallPlan
  private let configuration: PeerConfiguration
  private var peer: Peer
  private var client: FuzzedClient
  private var watch: PeerWatch
  private var now = Instant(nanoseconds: 1_000_000_000)
  private var lastDatagram: FuzzedClient.Datagram?
  /// The newest that was heard, and its payload.
  private var heard: (audio: ReceivedAudio, payload: [UInt8])?
  private var reservations: [SRTPReservation] = []
  private var restorations = 0

  init(_ plan: FuzzedCallPlan) {
    self.plan = plan
    let client = FuzzedClient(plan.profile)
    configuration = plan.configuration(
      local: client.generations[0].local, remote: client.generations[0].remote, client.keys)
    peer = Peer(configuration, at: now)
    watch = PeerWatch(plan, consent: configuration.ice.consentTimeout)
    self.client = client
    drain()
  }

  mutating func perform(_ command: UInt8, _ script: inout FuzzedScript) {
    switch command % 20 {
    case 0: deliver(FuzzedClient.Datagram(bytes: script.blob(unit: 2), seal: .none), &script)
    case 1, 2: deliver(client.stun(&script), &script)
    case 3, 4: deliver(client.rtp(&script), &script)
    case 5: deliver(client.rtcp(&script), &script)
    case 6: askAgain(&script)
    case 7: deliver(lastDatagram, &script)
    case 8: send(&script)
    case 9: forward(&script)
    case 10: pass(.milliseconds(Int(script.byte())))
    case 11: walk(.milliseconds(Int(script.byte()) * 100))
    case 12: pass(.milliseconds(Int(script.byte()) * 1000))
    case 13: restartICE()
    case 14: update(script.byte())
    case 15: settleReservations(script.byte())
    case 16: if plan.kind == .dtls { peer.stepHandshake(now: now) }
    case 17: restore()
    case 18: sendData(&script)
    default: performRarely(script.byte(), &script)
    }
    drain()
    watch.check(peer, at: now)
  }

  private mutating func performRarely(_ command: UInt8, _ script: inout FuzzedScript) {
    switch command % 8 {
    case 0: peer.close(now: now)
    case 1: peer.startChecks(now: now)
    case 2: peer.releaseDTLS()
    case 3: peer.evictHandshake(now: now)
    // What looks like DTLS.
    default:
      let datagram = [20 + command % 44, 0xFE, 0xFD] + script.blob()
      deliver(FuzzedClient.Datagram(bytes: datagram, seal: .none), &script)
    }
  }

  /// It comes to its end, whatever it was at.
  mutating func end() {
    walk(.seconds(70))
    expect(!peer.isHandshaking, "a handshake without an end")
    peer.close(now: now)
    drain()
    watch.check(peer, at: now)
    expect(peer.nextDeadline == nil, "a deadline after the end")
  }

  // MARK: In

  private mutating func deliver(_ datagram: FuzzedClient.Datagram?, _ script: inout FuzzedScript) {
    guard let datagram else { return }
    let source = Self.addresses[Int(script.byte()) % Self.addresses.count]
    lastDatagram = datagram
    watch.delivers(datagram, from: source, at: now)
    var bytes = datagram.bytes
    var span = bytes.mutableSpan
    var buffer = span.mutableBytes
    let input = peer.receive(&buffer, from: source, at: Self.local, now: now)
    watch.took(input, bytes, datagram)
    if case .audio(let audio) = input { heard = (audio, Array(bytes[audio.payload])) }
  }

  private mutating func askAgain(_ script: inout FuzzedScript) {
    guard let stream = peer.ssrc(ofStream: Int(script.byte() & 1)) else { return }
    deliver(client.nack(stream, newest: watch.newest[stream] ?? 0, &script), &script)
  }

  // MARK: Out

  private mutating func send(_ script: inout FuzzedScript) {
    let (flags, size) = (script.byte(), Int(script.byte()) * 6)
    let payload = [UInt8](repeating: flags, count: size)
    let level = flags & 4 == 0 ? nil : AudioLevel(decibelsBelowOverload: 20, isVoice: true)
    put { [now] peer, buffer in
      peer.send(
        payload.span.bytes, samples: 960, marker: flags & 2 != 0, audioLevel: level, stream: Int(flags & 1), now: now,
        into: &buffer)
    } payloadBytes: {
      size
    }
  }

  private mutating func forward(_ script: inout FuzzedScript) {
    guard let (audio, payload) = heard else { return }
    let flags = script.byte()
    if flags & 2 != 0 { return peer.omit(audio, stream: Int(flags & 1), now: now) }
    put { [now] peer, buffer in
      peer.forward(audio, payload.span.bytes, stream: Int(flags & 1), now: now, into: &buffer)
    } payloadBytes: {
      payload.count
    }
  }

  private mutating func put(
    _ make: (inout Peer, inout MutableRawSpan) -> PeerTransmit?, payloadBytes: () -> Int
  ) {
    var bytes = [UInt8](repeating: 0, count: PeerTransmit.maximumByteCount)
    var span = bytes.mutableSpan
    var buffer = span.mutableBytes
    guard let transmit = make(&peer, &buffer) else { return }
    watch.sent(transmit, bytes, payloadBytes: payloadBytes(), at: now)
  }

  private mutating func sendData(_ script: inout FuzzedScript) {
    let packet = script.blob()
    try? peer.sendData(packet.span.bytes, now: now)
  }

  /// As every caller has to after each call.
  private mutating func drain() {
    var bytes = [UInt8](repeating: 0, count: PeerTransmit.maximumByteCount)
    var count = 0
    while true {
      var span = bytes.mutableSpan
      var buffer = span.mutableBytes
      guard let transmit = peer.pollTransmit(into: &buffer) else { break }
      count += 1
      expect(count <= 128, "more datagrams at once than there may be")
      if let check = watch.polled(transmit, bytes, at: now) {
        client.checks = client.checks.suffix(7) + [check]
      }
    }
    watch.drained(count)
    while let event = peer.pollEvent() {
      watch.told(event, at: now)
      if case .reservation(let reservation) = event { reservations.append(reservation) }
    }
  }

  // MARK: Time

  /// All at once, as for a shell that was held up.
  private mutating func pass(_ duration: Duration) {
    now = now + duration
    peer.advance(to: now)
    drain()
    if let deadline = peer.nextDeadline { expect(deadline > now, "the deadline stays in the past") }
  }

  /// Meeting each deadline on the way.
  private mutating func walk(_ duration: Duration) {
    let end = now + duration
    var steps = 0
    while let deadline = peer.nextDeadline, deadline <= end {
      steps += 1
      expect(steps < 2000, "deadlines come too often")
      pass(max(deadline, now) - now)
    }
    pass(end - now)
  }

  // MARK: Signalling

  private mutating func restartICE() {
    guard plan.kind != .latching, client.generations.count < 8 else { return }
    client.renewCredentials()
    let (local, remote) = client.generations.last!
    peer.restartICE(local: local, remote: remote, now: now)
  }

  private mutating func update(_ flags: UInt8) {
    let directions: [MediaDirection] = [.sendrecv, .sendonly, .recvonly, .inactive]
    peer.update(plan.audio(directions[Int(flags & 3)]), now: now)
  }

  private mutating func settleReservations(_ flags: UInt8) {
    for reservation in reservations {
      if flags & 1 == 0 { peer.confirm(reservation) } else { peer.abandon(reservation) }
    }
    reservations = []
  }

  /// Another process goes on.
  private mutating func restore() {
    guard plan.kind != .dtls, restorations < Self.mostRestorations, let checkpoint = peer.checkpoint(now: now) else {
      return
    }
    restorations += 1
    reservations = []
    peer = Peer(restoring: checkpoint, configuration, at: now)
    watch.restored(selected: peer.remoteAddress, at: now)
  }
}
