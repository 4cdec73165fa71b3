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

  let sockets: UnsafeMutablePointer<MediaSocket>
  let socketCount: Int
  /// By slot; beyond `legCount` there is no memory.
  var legs: UnsafeMutablePointer<MediaLeg?>
  private(set) var legCount = 0
  var byAddress: [TransportAddress: Int] = [:]
  /// The SSRCs that peers have declared, who are keyed by SDES, and those that others were heard with.
  var bySource: [UInt32: Int] = [:]
  /// Of the rooms with guests, by the caller's place.
  var rooms: [VoiceSwitch?] = []
  var limiter: STUNRateLimiter
  var handshakes: HandshakeQueue<Int>
  private var inbound = DatagramBatch()
  var notices: [Notice] = []
  /// Of an encoded packet, on its way into a datagram.
  let payload: UnsafeMutableRawPointer
  static let payloadBytes = 1275
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
    addDeclaredSources(of: slot)
    figures.peers += 1
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
    forgetRoutes(to: slot)
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
    let before = Whereabouts(legs[slot]!.peer)
    switch legs[slot]!.peer.receive(&datagram, from: source, at: local, now: now) {
    case .audio(let audio):
      let payload = UnsafeRawBufferPointer(rebasing: bytes[audio.payload])
      legs[slot]!.hear(audio, payload, at: now)
      if let room = legs[slot]!.room { forward(audio, payload, from: slot, in: room, at: now) }
      if audio.isNewSource { learn(source: audio.ssrc, of: slot) }
      // Nothing else follows from it before the next tick, unless it shows where the caller is.
      guard Whereabouts(legs[slot]!.peer) != before else { return }
    case .stun: learn(source, leadsTo: slot, at: now)
    case .rtcp: legs[slot]!.lastHeard = now
    case .dtls: break
    case .dropped:
      figures.packetsDropped &+= 1
      // Authentic, of a codec that was not agreed upon: it shows where the caller is nevertheless.
      guard Whereabouts(legs[slot]!.peer) != before else { return }
    }
    // Without checks, or before the first from a new address, it is SRTP that proves it.
    let after = Whereabouts(legs[slot]!.peer)
    if after != before, after.unconfirmed == source || !legs[slot]!.declaredSources.isEmpty {
      learn(source, leadsTo: slot, at: now)
    }
    drain(slot, at: now)
  }

  /// Where a peer is known to be, and where it may be.
  private struct Whereabouts: Equatable {
    let selected: TransportAddress?
    let unconfirmed: TransportAddress?

    init(_ peer: borrowing Peer) {
      selected = peer.remoteAddress
      unconfirmed = peer.unconfirmedAddress
    }
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
    addDeclaredSources(of: slot)
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

}
