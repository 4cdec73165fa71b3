import Runtime

/// DTLS 1.2 with one peer (RFC 6347), which yields the SRTP keys (RFC 5764) and carries data channels (RFC 8261).
/// Sans-IO, for use by one thread.
///
/// While the handshake lasts, datagrams are queued and `step` does a bounded piece of work (some 0.3 ms of
/// cryptography), so that the caller decides when: see `HandshakeQueue`. Afterwards they are read at once. After every
/// call that may change something, `pollTransmit` and `pollEvent` are to be drained until nil.
///
/// Time is `now`, except for OpenSSL's own retransmission timer, which reads the system's clock.
///
/// What is not authenticated cannot end it (the ClientHello race): a ClientHello that OpenSSL refuses costs its SSL
/// object, and the next gets a fresh one; rival ClientHellos are answered side by side, and who proves to own the
/// announced certificate is the peer; alerts in plain text are ignored, in both directions. All of it is bounded in
/// memory and in number. The rest is up to ICE: a datagram is to be handed in only when its address passed an
/// authenticated STUN check.
public final class DTLSConnection {
  public enum State: Sendable, Equatable {
    case handshaking
    case connected
    /// Connected, without the means to read or send more. Keys stay good.
    case released
    case closed
    case failed(DTLSError)
  }

  /// Of one to be handled, in bytes; longer ones are dropped.
  public static let maximumDatagram = 2048
  /// What a record adds to application data: header, nonce and tag of AES-GCM, which has the most.
  public static let recordOverhead = 37

  /// Datagrams that wait for a step. A flight has about three.
  private static let maximumInbox = 16
  /// Handshakes side by side, when ClientHellos rival.
  static let maximumRivals = 3
  /// Of epoch 1 before the handshake is over: OpenSSL keeps each until it has the keys, in a buffer of 17 KB, and would
  /// keep a hundred. A peer sends one, and one more with each retransmission.
  static let maximumEarlyHandshakeRecords = 8
  static let maximumEarlyDataRecords = 4
  static let maximumFinalFlights = 16
  /// Datagrams to send that nobody took; more are lost, as on a network.
  private static let maximumTransmits = 256

  public internal(set) var state = State.handshaking
  public let role: DTLSRole

  let identity: DTLSIdentity
  let fingerprints: [DTLSFingerprint]
  let configuration: DTLSConfiguration
  private let handshakeDeadline: Instant

  /// The oldest first. One for a client, up to `maximumRivals` for a server.
  var attempts: [DTLSAttempt] = []
  var allowance: DTLSAttemptAllowance
  var lastFailure: String?
  private var isStarted = false
  /// When a client that ran out of its allowance begins again.
  var restartAt: Instant?
  var established: DTLSAttempt?
  /// The server's last flight, for a client that did not get it and asks when the SSL object is gone.
  var finalFlight: [[UInt8]] = []
  var finalFlightsSent = 0

  var inbox: [[UInt8]] = []
  private var transmits: [[UInt8]] = []
  var events: [DTLSEvent] = []

  /// - Parameter fingerprints: What the peer's SDP announced, of known hash functions. Without any, it will fail.
  public init(
    identity: DTLSIdentity, role: DTLSRole, fingerprints: [DTLSFingerprint],
    configuration: DTLSConfiguration = DTLSConfiguration(), now: Instant
  ) {
    self.identity = identity
    self.role = role
    self.fingerprints = fingerprints
    self.configuration = configuration
    handshakeDeadline = now + configuration.handshakeTimeout
    allowance = DTLSAttemptAllowance(configuration, now: now)
  }

  /// Whether `step` has something to do. A client has from the beginning.
  public var needsStep: Bool {
    state == .handshaking && (!inbox.isEmpty || role == .client && !isStarted)
  }

  /// When `handleTimeout` is to be called; nil for never.
  public func nextDeadline(now: Instant) -> Instant? {
    guard state == .handshaking else { return nil }
    var deadline = min(handshakeDeadline, restartAt ?? handshakeDeadline)
    for attempt in attempts {
      // At least 1 ms: OpenSSL's clock is another one, and may be a little behind.
      if let left = attempt.timeLeft { deadline = min(deadline, now + .microseconds(max(1000, left))) }
    }
    return deadline
  }

  /// The next datagram to send.
  public func pollTransmit() -> [UInt8]? { transmits.isEmpty ? nil : transmits.removeFirst() }

  func transmit(_ datagrams: [[UInt8]]) {
    transmits += datagrams.prefix(Self.maximumTransmits - transmits.count)
  }

  public func pollEvent() -> DTLSEvent? { events.isEmpty ? nil : events.removeFirst() }
}

// MARK: - Input

extension DTLSConnection {
  /// A datagram whose first byte is 20...63 (RFC 7983) from a checked address. Anything is safe.
  public func handle(_ datagram: RawSpan, now: Instant) {
    guard datagram.byteCount <= Self.maximumDatagram, DTLSRecord.begins(datagram) else { return }
    switch state {
    case .handshaking:
      guard inbox.count < Self.maximumInbox else { return }
      inbox.append(datagram.withUnsafeBytes { Array($0) })
    case .connected: read(datagram.withUnsafeBytes { Array($0) })
    case .released: sendFinalFlightAgain(for: datagram)
    case .closed, .failed: return
    }
  }

  /// Takes queued datagrams until one of them made something to send, or there is none left.
  public func step(now: Instant) {
    guard state == .handshaking else { return }
    if role == .client, !isStarted {
      isStarted = true
      begin(answering: nil, now: now)
      return
    }
    let before = transmits.count
    while state == .handshaking, transmits.count == before, !inbox.isEmpty {
      let datagram = inbox.removeFirst()
      var records = DTLSRecord.records(of: datagram)[...]
      while state == .handshaking, let record = records.popFirst() { route(record, of: datagram, now: now) }
      // What comes after the end of the handshake, and what OpenSSL kept until then.
      if state == .connected { read(records, of: datagram) }
    }
    while state == .connected, !inbox.isEmpty { read(inbox.removeFirst()) }
  }

  /// To be called at `nextDeadline`.
  public func handleTimeout(now: Instant) {
    guard state == .handshaking else { return }
    guard now < handshakeDeadline else {
      fail(.timedOut(lastFailure: lastFailure))
      return
    }
    for attempt in attempts { take(attempt.handleTimeout(), of: attempt, now: now) }
    if let restartAt, now >= restartAt, attempts.isEmpty { begin(answering: nil, now: now) }
  }
}
