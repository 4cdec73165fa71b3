import Runtime

extension Peer {
  mutating func receiveDTLS(
    _ datagram: RawSpan, from source: TransportAddress, at local: TransportAddress
  ) -> PeerInput {
    guard case .dtls(_, let role, _) = configuration.keying else { return .dropped(.unexpected) }
    if dtls == nil, role == .server { beginHandshake() }
    guard let dtls else { return .dropped(.unexpected) }
    if remoteAddress == nil {
      dtlsAddress = source
      localAddress = local
    }
    dtls.handle(datagram, now: now)
    drainDTLS()
    return .dtls
  }

  /// The client of DTLS begins when it knows where to.
  mutating func beginHandshakeAsClient() {
    guard case .dtls(_, .client, _) = configuration.keying, dtls == nil else { return }
    beginHandshake()
  }

  /// There is a checked address, and no handshake yet. The SSL object is not made before the first step.
  private mutating func beginHandshake() {
    guard case .dtls(let identity, let role, let fingerprints) = configuration.keying, keys == nil,
      handshakeAfter.map({ now >= $0 }) ?? true
    else { return }
    dtls = DTLSConnection(
      identity: identity, role: role, fingerprints: fingerprints, configuration: configuration.dtls, now: now)
    isHandshaking = true
    handshakeAfter = nil
  }

  mutating func drainDTLS() {
    while let event = dtls?.pollEvent() {
      switch event {
      case .connected(let keys):
        isHandshaking = false
        takeKeys(keys)
        if !configuration.carriesData { dtls?.release() }
      case .received(let data): tell(.data(data))
      case .closed: tell(.dtlsClosed)
      case .failed(let error):
        // Once there are keys, what becomes of DTLS is the data channel's concern only.
        guard keys == nil else {
          tell(.dtlsClosed)
          continue
        }
        fail(.dtls(error))
      }
    }
  }

  mutating func takeKeys(_ keys: SRTPKeyingMaterial) {
    do throws(SRTPError) {
      sender = try SRTPSender(keys.local)
      receiver = try makeReceiver(keys.remote)
    } catch {
      fail(.srtp(error))
      return
    }
    self.keys = keys
    addStreams()
    connectIfReady()
  }

  private func makeReceiver(_ key: SRTPMasterKey) throws(SRTPError) -> SRTPReceiver {
    if let checkpoint { return try SRTPReceiver(key, restoring: checkpoint.receiver) }
    guard case .sdes = configuration.keying else { return try SRTPReceiver(key) }
    let declared = audio.flatMap(\.remoteSources)
    return try SRTPReceiver(key, declared: declared.isEmpty ? nil : declared)
  }
}

// MARK: - Handshakes in a shard

extension Peer {
  /// Takes or leaves this peer's place among the handshakes of its shard. To be called after the peer was drained, while
  /// `isHandshaking` or when it was before the call. (For a peer that leaves its slab: `HandshakeQueue.remove`.)
  ///
  /// - Returns: The one that was pushed out for it: `evictHandshake` is to be called on that peer.
  public mutating func queueHandshake<ID>(in queue: inout HandshakeQueue<ID>, as id: ID) -> ID? {
    guard isHandshaking, let dtls else {
      if isQueued { queue.remove(id) }
      isQueued = false
      return nil
    }
    var evicted: ID?
    if !isQueued {
      isQueued = true
      evicted = queue.insert(id)
    }
    if dtls.needsStep { queue.enqueue(id) }
    return evicted
  }

  /// Whether a step of the handshake has something to do. For who has no queue, such as a bot.
  public var needsHandshakeStep: Bool { isHandshaking && dtls?.needsStep == true }

  /// Does a bounded piece of the handshake, some 0.3 ms. When the shard's queue says so.
  public mutating func stepHandshake(now: Instant) {
    guard isHandshaking else { return }
    self.now = now
    dtls?.step(now: now)
    drainDTLS()
  }

  /// The queue has pushed it out: too many handshakes are half open. It may begin anew a second later.
  public mutating func evictHandshake(now: Instant) {
    self.now = now
    isQueued = false
    guard isHandshaking else { return }
    isHandshaking = false
    dtls = nil
    handshakeAfter = now + .seconds(1)
  }
}

// MARK: - Data

extension Peer {
  /// Of an SCTP packet, in bytes.
  public var maximumDataByteCount: Int { configuration.dtls.mtu - DTLSConnection.recordOverhead }

  /// Whether a data channel can be had: nothing is known against it yet, or it is there. False once the SSL object is
  /// gone, which an answer to a further offer has to heed.
  public var canCarryData: Bool {
    guard case .dtls = configuration.keying, !isOver, checkpoint == nil else { return false }
    return switch dtls?.state {
    case nil, .handshaking, .connected: true
    case .released, .closed, .failed: false
    }
  }

  /// Sends an SCTP packet in a record of its own.
  ///
  /// - Throws: `.tooLarge` beyond `maximumDataByteCount`, `.notConnected`, `.failed`.
  public mutating func sendData(_ packet: RawSpan, now: Instant) throws(DTLSError) {
    self.now = now
    guard let dtls else { throw .notConnected }
    try dtls.send(packet)
  }

  /// Frees the SSL object: no data channel needs it any more.
  public mutating func releaseDTLS() { dtls?.release() }
}
