import Runtime

/// One other side of a call: ICE, DTLS, SRTP, RTP and RTCP joined. Sans-IO, for use by one thread; it lives in a slab.
///
/// **After every call that changes something, `pollTransmit` and then `pollEvent` are drained until nil.** What is not
/// taken by the next call may be lost, as on a network.
///
/// In: `receive` for a datagram, `send` and `forward` for audio, `sendData` for an SCTP packet, `advance` at
/// `nextDeadline`, and what signalling brings (`restartICE`, `add` candidates, `update` audio). Out: what `receive`
/// returns, transmits, events. `now` never goes back.
///
/// A handshake costs half a millisecond, so `receive` never does it: the peer stands in its shard's `HandshakeQueue`
/// (`queueHandshake`), and does a step when the shard gives it one (`stepHandshake`).
///
/// What strangers send cannot hurt (design, section 7): DTLS and SRTP are looked at only from an address that passed an
/// authenticated STUN check (SRTP of a known source from any, so many times a second), the SSL object is made only after that, keys are exported only when the certificate is the
/// announced one, and nothing is sent without consent. Without ICE (SDES) nothing is sent until an authenticated packet
/// came, and only to where the newest one came from.
///
/// A packet in or out allocates nothing here. (libsrtp and OpenSSL do inside, at times.)
public struct Peer: ~Copyable {
  public let configuration: PeerConfiguration
  public internal(set) var state = PeerState.connecting
  /// Where media is sent to; nil without consent.
  public internal(set) var remoteAddress: TransportAddress?
  /// Where the other side's datagrams come in, and ours are sent from.
  public internal(set) var localAddress = TransportAddress.unspecified
  /// The same for `unconfirmedAddress`.
  var unconfirmedLocalAddress = TransportAddress.unspecified
  /// Whether a handshake has begun and not ended: `queueHandshake` has something to do.
  public internal(set) var isHandshaking = false

  var path: PeerPath
  var audio: [PeerAudio]

  var dtls: DTLSConnection?
  /// Where a handshake's datagrams go before an address is selected.
  var dtlsAddress: TransportAddress?
  var isQueued = false
  /// After an eviction: when a handshake may be tried again.
  var handshakeAfter: Instant?

  var keys: SRTPKeyingMaterial?
  var sender: SRTPSender?
  var receiver: SRTPReceiver?

  /// What is still tried of what comes from addresses without a check.
  var strangers = AttemptLimit()

  var streams = OutgoingStreams()
  var sources: [IncomingAudio] = []
  var payloads: PayloadTable

  var randomness: PeerRandomness
  /// Of the last call.
  var now: Instant
  let connectDeadline: Instant

  var schedule: RTCPSchedule
  var isReportDue = false
  var retransmissions = RetransmissionQueue()
  var reply = PendingReply()
  /// RTCP BYE and DTLS close_notify are still to be sent.
  var isLeaving = false
  var events: [PeerEvent] = []
  var figures = TransportFigures()
  /// Of a restored peer.
  let checkpoint: PeerCheckpoint?

  public init(_ configuration: PeerConfiguration, at now: Instant) {
    var randomness = configuration.randomness
    let path = PeerPath(configuration, using: &randomness, at: now)
    self.init(configuration, path, randomness, restoring: nil, at: now)
    remoteAddress = self.path.fixedAddress
    if case .sdes(let keys) = configuration.keying { takeKeys(keys) }
  }

  init(
    _ configuration: PeerConfiguration, _ path: consuming PeerPath, _ randomness: PeerRandomness,
    restoring checkpoint: PeerCheckpoint?, at now: Instant
  ) {
    self.configuration = configuration
    self.path = path
    self.checkpoint = checkpoint
    audio = configuration.audio
    payloads = PayloadTable(configuration.audio)
    self.now = now
    connectDeadline = now + configuration.connectTimeout
    var randomness = randomness
    schedule = RTCPSchedule(interval: configuration.reportInterval, at: now, using: &randomness)
    self.randomness = randomness
    // A peer has one; room for more is taken once.
    sources.reserveCapacity(1)
  }

  /// Data that nobody takes is lost, as on a network.
  private static let maximumEvents = 1024

  mutating func tell(_ event: PeerEvent) {
    if case .data = event, events.count >= Self.maximumEvents { return }
    events.append(event)
  }

  /// The next event; nil for none.
  public mutating func pollEvent() -> PeerEvent? { events.isEmpty ? nil : events.removeFirst() }

  /// Ends the call: RTCP BYE and DTLS close_notify are left to be sent, then nothing more is taken or given.
  public mutating func close(now: Instant) {
    guard !isOver else { return }
    self.now = now
    isLeaving = keys != nil
    dtls?.close()
    isHandshaking = false
    state = .closed
  }

  var isOver: Bool {
    switch state {
    case .connecting, .connected: false
    case .failed, .closed: true
    }
  }

  mutating func fail(_ failure: PeerFailure) {
    guard !isOver else { return }
    state = .failed(failure)
    remoteAddress = nil
    dtls = nil
    isHandshaking = false
    sender = nil
    receiver = nil
    retransmissions.removeAll()
    tell(.failed(failure))
  }
}

// MARK: - Signalling

extension Peer {
  /// Begins an ICE restart (RFC 8445, section 9). Media goes on over the old path until the new one works.
  ///
  /// - Parameters:
  ///   - local: New ones of ours, for the answer or the offer.
  ///   - remote: The other side's new ones; nil until its answer is there, see `setRemoteCredentials`.
  public mutating func restartICE(local: IceCredentials, remote: IceCredentials?, now: Instant) {
    self.now = now
    if path.lite != nil { path.lite!.restart(local: local, remote: remote) }
    if path.controlling != nil { path.controlling!.restart(local: local, remote: remote, at: now) }
  }

  public mutating func setRemoteCredentials(_ remote: IceCredentials, now: Instant) {
    self.now = now
    if path.lite != nil { path.lite!.setRemoteCredentials(remote) }
    if path.controlling != nil { path.controlling!.setRemoteCredentials(remote) }
  }

  /// Trickled ones. The lite side has no need of them: the checks show where the client is.
  public mutating func add(_ candidates: [Candidate], now: Instant) {
    self.now = now
    if path.controlling != nil { path.controlling!.add(candidates, at: now) }
  }

  /// For the SDP.
  public var localCredentials: IceCredentials? { path.localCredentials }

  /// Sends STUN checks of the lite side's own until the client answers. See `IceLiteAgent.startChecks`.
  public mutating func startChecks(now: Instant) {
    self.now = now
    if path.lite != nil { path.lite!.startChecks(at: now) }
  }

  public var iceState: IceState { path.state }

  /// Takes the sections of a further offer and answer: other directions, as when a call is put on hold, other payload
  /// types, and sections that were added. Streams keep their places.
  public mutating func update(_ audio: [PeerAudio], now: Instant) {
    self.now = now
    self.audio = audio
    payloads = PayloadTable(audio)
    for index in 0..<streams.count {
      let section = streams[index].section
      guard let audio = audio.first(where: { $0.section == section }) else {
        streams[index].isOn = false
        continue
      }
      streams[index].isOn = audio.direction.sends
      streams[index].writer = OutgoingAudio.writer(audio, ssrc: streams[index].ssrc)
    }
    if keys != nil { addStreams() }
  }
}
