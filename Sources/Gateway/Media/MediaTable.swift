import Audio
import Media
import Rooms
import Runtime

/// All peers of one port: finds whom a datagram is for, lets time pass, and sends what they have to send. On the thread
/// of its shard only.
///
/// It never calls out: what sessions have to be told waits in `notices`. So nothing comes back into it while it works,
/// and nothing needs to be checked for that.
struct MediaTable: ~Copyable {
  /// Something that happened to a peer.
  struct Notice {
    var tag: UInt32
    var event: PeerEvent
  }

  /// Handshake steps, of 0.3 ms, between two sub-ticks of 5 ms: what they may take of a core is bounded by a quarter.
  private static let handshakeSteps = 4
  /// Batches read in a row before timers and sessions have their turn.
  private static let batchesPerWakeup = 2
  /// For so long after something authentic came from an address, it leads to no other peer.
  private static let addressHold = Duration.seconds(1)

  let sockets: UnsafeMutablePointer<MediaSocket>
  let socketCount: Int
  /// By slot; beyond `legCount` there is no memory.
  private(set) var legs: UnsafeMutablePointer<MediaLeg?>
  private(set) var legCount = 0
  private var byAddress: [TransportAddress: Int] = [:]
  /// Of peers that are keyed by SDES and make no checks: the SSRCs that they have declared.
  private var bySource: [UInt32: Int] = [:]
  /// Of the rooms with guests, by the caller's place.
  private var rooms: [VoiceSwitch?] = []
  private var limiter: STUNRateLimiter
  private var handshakes: HandshakeQueue<Int>
  private var inbound = DatagramBatch()
  private(set) var notices: [Notice] = []
  /// Of an encoded packet, on its way into a datagram.
  private let payload: UnsafeMutableRawPointer
  private static let payloadBytes = 1275
  /// Of all encoders of the shard.
  var complexity = EncoderComplexity()
  var figures = MediaFigures()

  /// - Parameter sockets: initialized; the table frees them.
  init(
    sockets: UnsafeMutablePointer<MediaSocket>, count: Int, maximumHalfOpen: Int, seed: UInt64
  ) {
    self.sockets = sockets
    socketCount = count
    legs = .allocate(capacity: 0)
    payload = .allocate(byteCount: Self.payloadBytes, alignment: 16)
    limiter = STUNRateLimiter(seed: seed)
    handshakes = HandshakeQueue(stepsPerTick: Self.handshakeSteps, maximumHalfOpen: maximumHalfOpen)
  }

  deinit {
    legs.deinitialize(count: legCount)
    legs.deallocate()
    payload.deallocate()
    sockets.deinitialize(count: socketCount)
    sockets.deallocate()
  }

  // MARK: Legs

  /// Whether the peer is there, and not another one in its place.
  func has(_ tag: UInt32) -> Bool { self.tag(at: PeerTags.slot(of: tag)) == tag }

  /// Of the peer at a place; nil when there is none.
  func tag(at slot: Int) -> UInt32? {
    guard slot < legCount else { return nil }
    switch legs[slot] {
    case .some(let leg): return leg.tag
    case nil: return nil
    }
  }

  /// - Parameter leg: its place must be free.
  mutating func insert(_ leg: consuming MediaLeg) {
    let slot = PeerTags.slot(of: leg.tag)
    if slot >= legCount { grow(to: slot + 1) }
    legs[slot] = consume leg
    addSources(of: slot)
    figures.peers += 1
  }

  private mutating func addSources(of slot: Int) {
    for source in legs[slot]!.sources { bySource[source] = slot }
  }

  private mutating func removeSources(of slot: Int) {
    for source in legs[slot]!.sources where bySource[source] == slot { bySource[source] = nil }
  }

  private mutating func grow(to count: Int) {
    let capacity = max(16, count, legCount * 2)
    let larger = UnsafeMutablePointer<MediaLeg?>.allocate(capacity: capacity)
    larger.moveInitialize(from: legs, count: legCount)
    for slot in legCount..<capacity { (larger + slot).initialize(to: nil) }
    legs.deallocate()
    legs = larger
    legCount = capacity
  }

  /// Says goodbye, and forgets the peer.
  mutating func remove(_ tag: UInt32, at now: Instant) {
    guard has(tag) else { return }
    let slot = PeerTags.slot(of: tag)
    legs[slot]!.peer.close(now: now)
    drain(slot, at: now)
    flush()
    for address in legs[slot]!.addresses where byAddress[address] == slot { byAddress[address] = nil }
    removeSources(of: slot)
    handshakes.remove(slot)
    figures.remember(legs[slot]!)
    legs[slot] = nil
    if slot < rooms.count { rooms[slot] = nil }
    figures.peers -= 1
  }

  /// The next thing that happened.
  mutating func takeNotices(into taken: inout [Notice]) { swap(&taken, &notices) }

  // MARK: In

  /// Reads what has come, but no more than a bounded part of it.
  mutating func receive(_ index: Int, at now: Instant) {
    for _ in 0..<Self.batchesPerWakeup {
      sockets[index].socket.receive(into: &inbound)
      for datagram in 0..<inbound.count { take(datagram, by: index, at: now) }
      guard inbound.isFull else { break }
    }
    stepHandshakes(at: now)
    flush()
  }

  private mutating func take(_ index: Int, by socket: Int, at now: Instant) {
    let bytes = inbound.bytes(index)
    let source = TransportAddress(inbound.remote(index))
    figures.received(bytes.count)
    guard let slot = slot(for: bytes, from: source, at: now) else {
      figures.packetsUnrouted &+= 1
      return
    }
    let local = TransportAddress(inbound.local(index)).withPort(sockets[socket].address.port)
    var datagram = bytes.mutableBytes
    let before = legs[slot]!.peer.remoteAddress
    switch legs[slot]!.peer.receive(&datagram, from: source, at: local, now: now) {
    case .audio(let audio):
      let payload = UnsafeRawBufferPointer(rebasing: bytes[audio.payload])
      legs[slot]!.hear(audio, payload, at: now)
      if let room = legs[slot]!.room { forward(audio, payload, from: slot, in: room, at: now) }
      // Nothing else follows from it before the next tick, unless it shows where the caller is.
      guard legs[slot]!.peer.remoteAddress != before else { return }
    case .stun: learn(source, leadsTo: slot, at: now)
    case .rtcp: legs[slot]!.lastHeard = now
    case .dtls: break
    case .dropped:
      figures.packetsDropped &+= 1
      // Authentic, of a codec that was not agreed upon: it shows where the caller is nevertheless.
      guard legs[slot]!.peer.remoteAddress != before else { return }
    }
    // Without checks it is SRTP that proves it.
    if legs[slot]!.peer.remoteAddress != before, !legs[slot]!.sources.isEmpty { learn(source, leadsTo: slot, at: now) }
    drain(slot, at: now)
  }

  // MARK: Whom it is for

  private mutating func slot(
    for bytes: UnsafeMutableRawBufferPointer, from source: TransportAddress, at now: Instant
  ) -> Int? {
    let known = byAddress[source]
    let datagram = UnsafeRawBufferPointer(bytes).bytes
    let kind = Demux.kind(of: datagram)
    guard kind == .stun else {
      return bySource.isEmpty ? known : self.slot(of: datagram, kind, from: source, known, at: now)
    }
    // Strangers cost no more than this look, however many there are.
    guard known != nil || limiter.allows(source, at: now), let message = STUNMessage(datagram) else { return nil }
    // A request says whom it is for, which may be another one than so far; a response does not.
    guard message.type == .bindingRequest else { return known }
    guard let tag = message.routingTag(in: datagram), has(tag) else { return nil }
    return PeerTags.slot(of: tag)
  }

  /// RTP and RTCP say whose they are. Where that is somebody else than whom their address leads to, or the address is
  /// unknown, it is for the peer to see whether it is true: nothing is learned before.
  private mutating func slot(
    of datagram: RawSpan, _ kind: Demux.Kind?, from source: TransportAddress, _ known: Int?, at now: Instant
  ) -> Int? {
    let offset: Int
    switch kind {
    case .rtp: offset = 8
    case .rtcp: offset = 4
    case .stun, .dtls, nil: return known
    }
    let ssrc = UInt32(bigEndian: datagram.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    // Who has declared what they send, sends nothing else: it is of somebody behind the same address.
    if let known, legs[known]!.sources.isEmpty || legs[known]!.sources.contains(ssrc) { return known }
    guard let slot = bySource[ssrc] else { return known }
    guard known != nil || limiter.allows(source, at: now) else { return nil }
    return slot
  }

  /// Of the peer that an address leads to; nil when it leads to none.
  func place(of address: TransportAddress) -> Int? { byAddress[address] }

  /// The peer has proved that it is there.
  mutating func learn(_ address: TransportAddress, leadsTo slot: Int, at now: Instant) {
    legs[slot]!.lastHeard = now
    if let other = byAddress[address] {
      guard other != slot else { return }
      // Who can forge the source of datagrams must not take another's away with credentials of their own.
      if tag(at: other) != nil, legs[other]!.lastHeard > now.advanced(by: .zero - Self.addressHold) { return }
      legs[other]?.addresses.removeAll { $0 == address }
    }
    byAddress[address] = slot
    if legs[slot]!.addresses.count == MediaLeg.maximumAddresses {
      let selected = legs[slot]!.peer.remoteAddress
      let oldest = legs[slot]!.addresses.firstIndex { $0 != selected } ?? 0
      byAddress[legs[slot]!.addresses.remove(at: oldest)] = nil
    }
    legs[slot]!.addresses.append(address)
  }

  // MARK: Time

  /// Whether handshakes wait for the next sub-tick.
  var hasHandshakesWaiting: Bool { handshakes.isWaiting }
  var halfOpenHandshakes: Int { handshakes.halfOpen }

  /// Datagrams that found a socket's buffer full.
  var receiveDrops: UInt64 {
    var drops: UInt64 = 0
    for index in 0..<socketCount { drops += UInt64(sockets[index].socket.kernelDrops) }
    return drops
  }

  mutating func beginTick(at now: Instant) {
    handshakes.beginTick()
    stepHandshakes(at: now)
  }

  private mutating func stepHandshakes(at now: Instant) {
    while let slot = handshakes.next() {
      guard tag(at: slot) != nil else { continue }
      legs[slot]!.peer.stepHandshake(now: now)
      drain(slot, at: now)
    }
  }

  /// What a peer has to do by now.
  mutating func advance(_ slot: Int, to now: Instant) {
    guard let deadline = legs[slot]!.peer.nextDeadline, deadline <= now else { return }
    legs[slot]!.peer.advance(to: now)
    drain(slot, at: now)
  }

  // MARK: From outside

  mutating func restartICE(_ tag: UInt32, local: IceCredentials, remote: IceCredentials, at now: Instant) {
    guard has(tag) else { return }
    legs[PeerTags.slot(of: tag)]!.peer.restartICE(local: local, remote: remote, now: now)
    drain(PeerTags.slot(of: tag), at: now)
  }

  /// Other keys were agreed upon.
  mutating func replacePeer(_ slot: Int, by configuration: PeerConfiguration, at now: Instant) {
    figures.remember(legs[slot]!)
    removeSources(of: slot)
    handshakes.remove(slot)
    legs[slot]!.replacePeer(configuration, at: now)
    addSources(of: slot)
    drain(slot, at: now)
  }

  /// Other directions or payload types were agreed upon, under the keys that there are.
  mutating func update(_ slot: Int, _ audio: [PeerAudio], at now: Instant) {
    legs[slot]!.peer.update(audio, now: now)
    drain(slot, at: now)
  }

  /// Sends SCTP packets. What cannot be sent is lost, as on a network.
  mutating func sendData(_ tag: UInt32, _ packets: [[UInt8]], at now: Instant) {
    guard has(tag) else { return }
    let slot = PeerTags.slot(of: tag)
    for packet in packets { try? legs[slot]!.peer.sendData(packet.span.bytes, now: now) }
    drain(slot, at: now)
    flush()
  }

  // MARK: Out

  /// After every call of a peer that changes something.
  mutating func drain(_ slot: Int, at now: Instant) {
    while transmit(slot) {}
    guard let tag = tag(at: slot) else { return }
    while let event = legs[slot]!.peer.pollEvent() { notices.append(Notice(tag: tag, event: event)) }
    guard legs[slot]!.peer.isHandshaking || legs[slot]!.isQueued else { return }
    legs[slot]!.isQueued = legs[slot]!.peer.isHandshaking
    if let evicted = legs[slot]!.peer.queueHandshake(in: &handshakes, as: slot), self.tag(at: evicted) != nil {
      figures.handshakesEvicted &+= 1
      legs[evicted]!.isQueued = false
      legs[evicted]!.peer.evictHandshake(now: now)
    }
  }

  private mutating func transmit(_ slot: Int) -> Bool {
    let index = outbound(of: slot)
    var buffer = sockets[index].outbound.nextSlot.mutableBytes
    guard let transmit = legs[slot]!.peer.pollTransmit(into: &buffer) else { return false }
    enqueue(transmit, by: index)
    return true
  }

  /// The socket whose next slot a peer may write into.
  private mutating func outbound(of slot: Int) -> Int {
    let index = socket(for: legs[slot]!.peer.localAddress)
    if sockets[index].outbound.isFull { flush(index) }
    return index
  }

  /// Takes what a peer has written into the next slot of a socket.
  private mutating func enqueue(_ transmit: PeerTransmit, by index: Int) {
    let actual = socket(for: transmit.source)
    if actual != index {
      if sockets[actual].outbound.isFull { flush(actual) }
      let written = UnsafeRawBufferPointer(rebasing: sockets[index].outbound.nextSlot[..<transmit.byteCount])
      sockets[actual].outbound.nextSlot.copyMemory(from: written)
    }
    let from = sockets[actual].isWildcard ? UDPAddress(transmit.source) : UDPAddress(.unspecified)
    sockets[actual].outbound.append(transmit.byteCount, to: UDPAddress(transmit.destination), from: from)
    figures.sent(transmit.byteCount)
  }

  private func socket(for source: TransportAddress) -> Int {
    for index in 0..<socketCount where sockets[index].serves(source) { return index }
    return 0
  }

  mutating func flush() {
    for index in 0..<socketCount { flush(index) }
  }

  private mutating func flush(_ index: Int) { figures.sendDrops &+= UInt64(sockets[index].flush()) }
}

// MARK: - Voice

extension MediaTable {
  /// What a tick has sent.
  struct Spoken {
    /// Of the agent's voice, at 24 kHz.
    var samples = 0
    /// Nothing is left.
    var isDrained = false
  }

  /// The next 20 ms of what the caller says.
  ///
  /// - Parameters:
  ///   - samples: `JitterBuffer.tickSamples` of them.
  ///   - due: of the tick, however late it is.
  mutating func hear(_ slot: Int, into samples: inout [Int16], due: Instant) -> JitterBuffer.Tick {
    var span = samples.mutableSpan
    return legs[slot]!.jitter.tick(at: due, into: &span)
  }

  /// Sends what the agent has to say now.
  mutating func speak(_ slot: Int, due: Instant, at now: Instant) -> Spoken {
    var spoken = Spoken()
    let before = legs[slot]!.playout.played
    var payload = UnsafeMutableRawBufferPointer(start: self.payload, count: Self.payloadBytes).mutableBytes
    while let step = legs[slot]!.playout.next(at: due, complexity: complexity.current, into: &payload) {
      switch step {
      case .packet(let packet): send(packet, slot, at: now)
      case .drained: spoken.isDrained = true
      case .started, .recorded: break
      }
    }
    spoken.samples = legs[slot]!.playout.played - before
    return spoken
  }

  private mutating func send(_ packet: PlayoutPacket, _ slot: Int, at now: Instant) {
    if let room = legs[slot]!.room { return speak(packet, in: room, at: now) }
    deliver(packet, to: slot, at: now)
  }

  private mutating func deliver(_ packet: PlayoutPacket, to slot: Int, at now: Instant) {
    let index = outbound(of: slot)
    var buffer = sockets[index].outbound.nextSlot.mutableBytes
    let bytes = UnsafeRawBufferPointer(start: payload, count: packet.length).bytes
    let transmit = legs[slot]!.peer.send(
      bytes, samples: UInt32(packet.duration), marker: packet.marker,
      audioLevel: AudioLevel(decibelsBelowOverload: packet.audioLevel, isVoice: packet.isVoice), now: now, into: &buffer
    )
    if let transmit { enqueue(transmit, by: index) }
  }

  /// The encoder follows the network, once a second.
  mutating func adapt(_ slot: Int) {
    guard legs[slot]!.peer.state == .connected else { return }
    let loss = UInt8(clamping: Int(legs[slot]!.peer.lossFraction * 256))
    let roundTrip = legs[slot]!.peer.roundTripTime
    legs[slot]!.playout.received(fractionLost: loss, roundTrip: roundTrip)
  }
}

// MARK: - Rooms

extension MediaTable {
  /// Who sits where in the room of a caller.
  mutating func seat(_ seats: [RoomSeat], in room: Int) {
    while rooms.count <= room { rooms.append(nil) }
    let hasGuests = seats.count { $0.place != nil } > 1
    if hasGuests {
      if rooms[room] == nil { rooms[room] = VoiceSwitch() }
      rooms[room]!.seat(seats)
    } else {
      rooms[room] = nil
    }
    for seat in seats {
      guard let place = seat.place.map({ Int($0) }), tag(at: place) != nil else { continue }
      legs[place]!.room = hasGuests ? room : nil
      legs[place]!.seat = seat.number
    }
  }

  /// Whoever becomes the one who is heard in a room; nil when that is who it was.
  mutating func nextActiveSpeaker(in room: Int, at now: Instant) -> Int? {
    guard room < rooms.count, rooms[room] != nil else { return nil }
    return rooms[room]!.nextActiveSpeaker(at: now)
  }

  /// Sends a packet of a voice to whom the room lets hear it.
  private mutating func forward(
    _ audio: borrowing ReceivedAudio, _ payload: UnsafeRawBufferPointer, from slot: Int, in room: Int, at now: Instant
  ) {
    guard room < rooms.count, rooms[room] != nil, !audio.isTelephoneEvent, !payload.isEmpty else { return }
    let level = audio.audioLevel?.decibelsBelowOverload
    for target in rooms[room]!.route(from: legs[slot]!.seat, level: level, at: now) {
      let place = Int(rooms[room]!.targets[target])
      guard place != slot, tag(at: place) != nil, legs[place]!.room == room else { continue }
      let index = outbound(of: place)
      var buffer = sockets[index].outbound.nextSlot.mutableBytes
      let transmit = legs[place]!.peer.forward(audio, payload.bytes, now: now, into: &buffer)
      if let transmit { enqueue(transmit, by: index) }
    }
  }

  /// The agent's voice, to whom the room lets hear it.
  private mutating func speak(_ packet: PlayoutPacket, in room: Int, at now: Instant) {
    guard room < rooms.count, rooms[room] != nil else { return }
    for target in rooms[room]!.route(from: RoomSeat.agent, level: packet.audioLevel, at: now) {
      let place = Int(rooms[room]!.targets[target])
      if tag(at: place) != nil, legs[place]!.room == room { deliver(packet, to: place, at: now) }
    }
  }
}
