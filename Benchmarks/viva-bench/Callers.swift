import Media
import Runtime

/// The other ends of all calls: what they do is not measured.
struct Callers: ~Copyable {
  let sessions: Int
  private let peers: UnsafeMutablePointer<Peer>
  private var socket: UDPSocket
  private var batch = DatagramBatch()
  private let voice: [[UInt8]]

  /// - Parameter configurations: made by `CallPair`.
  init(_ configurations: [PeerConfiguration], voice: [[UInt8]], at now: Instant) throws {
    sessions = configurations.count
    self.voice = voice
    socket = try UDPSocket(boundTo: Loopback.any)
    peers = .allocate(capacity: sessions)
    for (index, configuration) in configurations.enumerated() {
      (peers + index).initialize(to: Peer(configuration, at: now))
    }
  }

  deinit {
    peers.deinitialize(count: sessions)
    peers.deallocate()
  }

  /// One packet of each caller, at most `DatagramBatch.capacity` callers at a time.
  mutating func speak(_ range: Range<Int>, tick: Int, at now: Instant) {
    for session in range {
      let isSilent = Turns.agentSpeaks(session, of: sessions, tick: tick)
      let packet = voice[(tick + session * 7) % voice.count]
      var slot = MutableRawSpan(_unsafeBytes: batch.nextSlot)
      var buffer = slot._mutatingExtracting(first: PeerTransmit.maximumByteCount)
      let sent = peers[session].send(
        packet.span.bytes, samples: 960, marker: false,
        audioLevel: isSilent ? .silence : AudioLevel(decibelsBelowOverload: 30, isVoice: true), now: now, into: &buffer)
      if let sent { batch.append(sent.byteCount, to: UDPAddress(sent.destination), from: Loopback.unspecified) }
    }
    _ = socket.send(&batch)
  }

  /// - Returns: how many datagrams came.
  mutating func listen() -> Int {
    var heard = 0
    repeat {
      socket.receive(into: &batch)
      heard += batch.count
    } while batch.isFull
    batch.removeAll()
    return heard
  }
}

enum Loopback {
  static let any = UDPAddress(high: 0, low: 0xFFFF_7F00_0001, port: 0)
  static let unspecified = UDPAddress(high: 0, low: 0, port: 0)

  static func address(_ port: UInt16) -> TransportAddress { TransportAddress(high: 0, low: any.low, port: port) }
}

/// Both ends of a call, with keys exchanged by SDES.
struct CallPair {
  let caller: PeerConfiguration
  let server: PeerConfiguration
  let keys: SRTPKeyingMaterial

  init(_ session: Int, profile: SRTPProfile, serverPort: UInt16, at now: Instant) {
    var random = PeerRandomness.seeded(UInt64(session) + 1)
    let ours = SRTPMasterKey(profile: profile, using: &random)
    let theirs = SRTPMasterKey(profile: profile, using: &random)
    guard let keys = SRTPKeyingMaterial(local: ours, remote: theirs),
      let reversed = SRTPKeyingMaterial(local: theirs, remote: ours)
    else { fatalError("two keys of one profile") }
    self.keys = keys
    var audio = PeerAudio(payloadType: 111, clockRate: 48_000)
    audio.audioLevelID = 1
    audio.nack = true
    var heard = audio
    heard.remoteSources = [Self.callerSSRC(session)]
    let clock = WallClock(at: now, unixNanoseconds: 1_800_000_000_000_000_000)
    server = PeerConfiguration(
      connectivity: .latching, keying: .sdes(keys), audio: [heard], ssrc: 0x5EE7_0000 + UInt32(session),
      canonicalName: "server", wallClock: clock)
    caller = PeerConfiguration(
      connectivity: .fixed(Loopback.address(serverPort)), keying: .sdes(reversed), audio: [audio],
      ssrc: Self.callerSSRC(session), canonicalName: "caller", wallClock: clock)
  }

  /// Tells the session of a packet.
  static func callerSSRC(_ session: Int) -> UInt32 { 0x0100_0000 + UInt32(session) }

  static func session(ofCallerSSRC ssrc: UInt32) -> Int { Int(ssrc &- 0x0100_0000) }
}
