import Audio
import Media
import Runtime

/// What Viva's shard does with the same calls: peers, jitter buffers and playouts in slabs.
struct Server: CallServer, ~Copyable {
  let port: UInt16
  private var socket: UDPSocket
  private var batch = DatagramBatch()
  private let mode: Mode
  private var count = 0
  private var peers: UnsafeMutablePointer<Peer>
  private var jitterBuffers: UnsafeMutablePointer<JitterBuffer>
  private var playouts: UnsafeMutablePointer<Playout>
  private let samples: [Int16]
  private let packets: [[UInt8]]
  private let pcm: UnsafeMutablePointer<Int16>
  private let payload: UnsafeMutableRawPointer
  private static let largestPayload = 1276

  init(_ mode: Mode, samples: [Int16], packets: [[UInt8]]) throws {
    self.mode = mode
    self.samples = samples
    self.packets = packets
    socket = try UDPSocket(boundTo: Loopback.any)
    port = socket.port
    peers = .allocate(capacity: 0)
    jitterBuffers = .allocate(capacity: 0)
    playouts = .allocate(capacity: 0)
    pcm = .allocate(capacity: JitterBuffer.tickSamples)
    pcm.initialize(repeating: 0, count: JitterBuffer.tickSamples)
    payload = .allocate(byteCount: Self.largestPayload, alignment: 16)
  }

  deinit {
    peers.deinitialize(count: count)
    peers.deallocate()
    jitterBuffers.deinitialize(count: count)
    jitterBuffers.deallocate()
    playouts.deinitialize(count: count)
    playouts.deallocate()
    pcm.deallocate()
    payload.deallocate()
  }

  mutating func add(_ pairs: [CallPair], at now: Instant) {
    count = pairs.count
    peers = .allocate(capacity: count)
    jitterBuffers = .allocate(capacity: count)
    playouts = .allocate(capacity: count)
    for (index, pair) in pairs.enumerated() {
      (peers + index).initialize(to: Peer(pair.server, at: now))
      (jitterBuffers + index).initialize(to: JitterBuffer(.opus))
      (playouts + index).initialize(to: Playout(PlayoutFormat(.opus), at: now))
    }
  }

  mutating func receive(_ costs: inout Costs, at now: Instant) {
    repeat {
      var received = 0
      costs.receiving.measure(0) {
        socket.receive(into: &batch)
        received = batch.count
        for index in 0..<received { take(index, at: now) }
      }
      costs.receiving.counted(received)
    } while batch.isFull
    batch.removeAll()
  }

  private mutating func take(_ index: Int, at now: Instant) {
    let bytes = batch.bytes(index)
    guard bytes.count > 12, let start = bytes.baseAddress else { return }
    let isRTCP = (200...204).contains(bytes[1])
    let ssrc = start.loadUnaligned(fromByteOffset: isRTCP ? 4 : 8, as: UInt32.self)
    let session = CallPair.session(ofCallerSSRC: UInt32(bigEndian: ssrc))
    guard session >= 0, session < count else { return }
    var datagram = MutableRawSpan(_unsafeBytes: bytes)
    let input = peers[session].receive(
      &datagram, from: TransportAddress(batch.remote(index)),
      at: Loopback.address(port), now: now)
    guard case .audio(let packet) = input else { return }
    jitterBuffers[session].insert(
      datagram.bytes.extracting(packet.payload), sequenceNumber: packet.sequenceNumber.rawValue,
      timestamp: packet.timestamp, ssrc: packet.ssrc, audioLevel: packet.audioLevel?.decibelsBelowOverload, at: now)
  }

  mutating func serve(_ session: Int, isSpeaking: Bool, tick: Int, _ costs: inout Costs, at now: Instant) {
    hear(session, &costs, at: now)
    if isSpeaking { fill(session, tick: tick) }
    speak(session, &costs, at: now)
    advance(session, &costs, at: now)
  }

  private mutating func hear(_ session: Int, _ costs: inout Costs, at now: Instant) {
    costs.hearing.measure {
      var span = MutableSpan(_unsafeStart: pcm, count: JitterBuffer.tickSamples)
      _ = jitterBuffers[session].tick(at: now, into: &span)
    }
  }

  /// What the session would hand over: 100 ms at a time.
  private mutating func fill(_ session: Int, tick: Int) {
    guard playouts[session].waiting < 4800 else { return }
    if mode == .preEncoded {
      for number in tick..<tick + 5 {
        _ = playouts[session].append(packet: packets[(number + session * 7) % packets.count])
      }
    } else {
      let start = (tick + session * 7) * 480 % (samples.count - 2400)
      _ = playouts[session].append(Array(samples[start..<start + 2400]))
    }
  }

  private mutating func speak(_ session: Int, _ costs: inout Costs, at now: Instant) {
    while true {
      var step: PlayoutStep?
      costs.speaking.measure(0) {
        var buffer = MutableRawSpan(_unsafeStart: payload, byteCount: Self.largestPayload)
        step = playouts[session].next(at: now, complexity: mode.complexity ?? 5, into: &buffer)
      }
      guard let step else { break }
      guard case .packet(let packet) = step else { continue }
      costs.speaking.counted(1)
      costs.protecting.measure { protect(session, packet, at: now) }
      if batch.isFull { send(&costs) }
    }
  }

  private mutating func protect(_ session: Int, _ packet: PlayoutPacket, at now: Instant) {
    var slot = MutableRawSpan(_unsafeBytes: batch.nextSlot)
    var buffer = slot._mutatingExtracting(first: PeerTransmit.maximumByteCount)
    let bytes = RawSpan(_unsafeStart: payload, byteCount: packet.length)
    let sent = peers[session].send(
      bytes, samples: UInt32(packet.duration), marker: packet.marker,
      audioLevel: AudioLevel(decibelsBelowOverload: packet.audioLevel, isVoice: packet.isVoice), now: now,
      into: &buffer)
    guard let sent else { return }
    batch.append(sent.byteCount, to: UDPAddress(sent.destination), from: Loopback.unspecified)
  }

  /// Reports and retransmissions that are due.
  private mutating func advance(_ session: Int, _ costs: inout Costs, at now: Instant) {
    costs.keeping.measure {
      if let deadline = peers[session].nextDeadline, deadline <= now { peers[session].advance(to: now) }
      while !batch.isFull {
        var slot = MutableRawSpan(_unsafeBytes: batch.nextSlot)
        var buffer = slot._mutatingExtracting(first: PeerTransmit.maximumByteCount)
        guard let sent = peers[session].pollTransmit(into: &buffer) else { break }
        batch.append(sent.byteCount, to: UDPAddress(sent.destination), from: Loopback.unspecified)
      }
      while peers[session].pollEvent() != nil {}
    }
    if batch.isFull { send(&costs) }
  }

  mutating func send(_ costs: inout Costs) {
    let count = batch.count
    costs.sending.measure(0) { _ = socket.send(&batch) }
    costs.sending.counted(count)
  }
}
