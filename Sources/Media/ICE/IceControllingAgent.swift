import Runtime

/// The client's side of ICE with a lite server: for bots and tests (RFC 8445, a full agent that controls; consent by
/// RFC 7675). Sans-IO; for use by one thread.
///
/// It sends checks to the server's candidates, nominates the first that answers, and goes on checking it with
/// USE-CANDIDATE, as Chromium does with a lite server: so a server sees by the next check when a NAT has given this side
/// another address. It has one socket, and gathers nothing: the server sees where it is.
///
/// After each call, and at `nextDeadline`: `advance(to:)`, then `nextCheck(at:using:into:)` until nil.
public struct IceControllingAgent: ~Copyable, Sendable {
  /// Of the other side that are checked; more are left out.
  public static let maximumCandidates = 16
  /// Between two checks, whichever they are for (RFC 8445, section 14.2: at least 5 ms).
  static let pacing = Duration.milliseconds(20)
  /// Between two checks of the selected address while all is well; a fifth more or less.
  static let consentInterval = Duration.milliseconds(2500)
  /// Of a transport without consent, or of a candidate that stays silent.
  static let slowInterval = Duration.seconds(1)

  private struct Pair: Sendable {
    let address: TransportAddress
    /// Nil while it is not checked.
    var due: Instant?
    var checks = 0
  }

  private struct SentCheck: Sendable {
    var id = TransactionID(high: 0, low: 0)
    var address = TransportAddress.unspecified
    var at = Instant(nanoseconds: 0)
    var nominates = false
    var isOfRestart = false
  }

  public let configuration: IceConfiguration
  public private(set) var state = IceState.new
  /// Where media is sent to.
  public private(set) var selected: TransportAddress?
  /// This side's address as the other sees it.
  public private(set) var mappedAddress: TransportAddress?
  /// Of the last check that was answered.
  public private(set) var roundTripTime: Duration?

  private let tieBreaker: UInt64
  private var current: IceGeneration
  private var restarted: IceGeneration?
  private var pairs: [Pair] = []
  private var nominee: TransportAddress?
  private var valid = ValidAddresses()
  private var sent = InlineArray<32, SentCheck>(repeating: SentCheck())
  private var sentCount = 0
  private var lastCheck = Instant(nanoseconds: .min / 2)
  private var lastConsent = Instant(nanoseconds: 0)
  private var isAnswered = true

  /// - Parameters:
  ///   - remote: Nil until the answer is there, see `setRemoteCredentials`.
  ///   - tieBreaker: Random.
  public init(
    local: IceCredentials, remote: IceCredentials? = nil, tieBreaker: UInt64,
    configuration: IceConfiguration = IceConfiguration()
  ) {
    self.configuration = configuration
    self.tieBreaker = tieBreaker
    current = IceGeneration(local: local, remote: remote)
  }

  public var localCredentials: IceCredentials { newest.local }

  /// What checks are made with.
  private var newest: IceGeneration { restarted ?? current }

  public mutating func setRemoteCredentials(_ remote: IceCredentials) {
    if restarted == nil {
      current.setRemote(remote)
    } else {
      restarted?.setRemote(remote)
    }
  }

  /// Those of UDP that have an address are checked from now on, the most wanted first.
  public mutating func add(_ candidates: [Candidate], at now: Instant) {
    for candidate in candidates.sorted(by: { $0.priority > $1.priority }) {
      guard candidate.transport == .udp, candidate.component == 1, case .ip(let address) = candidate.address else {
        continue
      }
      add(address, at: now)
    }
  }

  private mutating func add(_ address: TransportAddress, at now: Instant) {
    guard address.port != 0, pairs.count < Self.maximumCandidates, !pairs.contains(where: { $0.address == address })
    else { return }
    pairs.append(Pair(address: address, due: selected == nil || restarted != nil ? now : nil))
  }

  /// Begins an ICE restart (RFC 8445, section 9): everything is checked anew with the new credentials, and media goes on
  /// over the old pair until one answers.
  ///
  /// - Parameter remote: Nil until the answer is there.
  public mutating func restart(local: IceCredentials, remote: IceCredentials? = nil, at now: Instant) {
    restarted = IceGeneration(local: local, remote: remote)
    valid.forgetRestart()
    nominee = nil
    checkAll(at: now)
  }

  /// Whether DTLS and SRTP may be taken from `address`: it answered a check, or sent an authenticated one.
  public func isValid(_ address: TransportAddress, at now: Instant) -> Bool {
    address == selected
      || valid.contains(
        address, since: Instant(nanoseconds: now.nanoseconds &- configuration.consentTimeout.nanoseconds))
  }

  private mutating func checkAll(at now: Instant) {
    for index in pairs.indices {
      pairs[index].due = now
      pairs[index].checks = 0
    }
  }
}

// MARK: - Checks of this side

extension IceControllingAgent {
  /// The check that is due, written into `buffer`; nil when none is, or when `buffer` is smaller than
  /// `IceLiteAgent.maximumMessageByteCount`.
  ///
  /// - Parameter generator: A cryptographic one.
  public mutating func nextCheck(
    at now: Instant, using generator: inout some RandomNumberGenerator, into buffer: inout MutableRawSpan
  ) -> IceCheck? {
    let generation = newest
    guard let key = generation.remoteKey, now >= lastCheck + Self.pacing,
      let index = nextPair(at: now)
    else { return nil }
    let address = pairs[index].address
    let nominates = address == nominee
    let id = TransactionID(using: &generator)
    sent[sentCount % 32] = SentCheck(
      id: id, address: address, at: now, nominates: nominates, isOfRestart: restarted != nil)
    sentCount &+= 1
    lastCheck = now
    pairs[index].checks &+= 1
    pairs[index].due = now + interval(after: pairs[index], using: &generator)
    if address == selected { isAnswered = false }

    var writer = STUNMessageWriter(.bindingRequest, id, into: &buffer)
    generation.appendUsername(&writer, into: &buffer)
    writer.appendPriority(Candidate.priority(.peerReflexive), into: &buffer)
    writer.appendIceControlling(tieBreaker: tieBreaker, into: &buffer)
    if nominates { writer.appendUseCandidate(into: &buffer) }
    writer.appendMessageIntegrity(key, into: &buffer)
    writer.appendFingerprint(into: &buffer)
    return writer.byteCount > 0 ? IceCheck(destination: address, byteCount: writer.byteCount) : nil
  }

  /// Of those that are due the one that waits for the longest.
  private func nextPair(at now: Instant) -> Int? {
    var next: Int?
    for index in pairs.indices {
      guard let due = pairs[index].due, due <= now else { continue }
      if let best = next, pairs[best].due! <= due { continue }
      next = index
    }
    return next
  }

  private func interval(after pair: Pair, using generator: inout some RandomNumberGenerator) -> Duration {
    if restarted == nil, pair.address == selected, state == .connected, isAnswered {
      return Self.consentInterval * Int.random(in: 80...120, using: &generator) / 100
    }
    return state == .expired || pair.checks > 20 ? Self.slowInterval : configuration.checkInterval
  }

  /// A response: it has to come from where the check went, carry its id and be made with the other side's password.
  private mutating func accept(
    _ response: STUNMessage, in datagram: RawSpan, from source: TransportAddress, at now: Instant
  ) -> IceOutput {
    guard let check = outstanding(response.transactionID), check.address == source,
      let key = check.isOfRestart ? restarted?.remoteKey : current.remoteKey,
      response.isAuthentic(key, in: datagram), response.notUnderstood.isEmpty
    else { return IceOutput() }
    var output = IceOutput()
    output.isAuthentic = true
    mappedAddress = response.xorMappedAddress ?? mappedAddress
    roundTripTime = now - check.at
    valid.insert(source, at: now, isOfRestart: check.isOfRestart, keeping: selected)
    if check.nominates {
      output.event = select(source, isOfRestart: check.isOfRestart, at: now)
    } else {
      if check.isOfRestart || source == selected { lastConsent = now }
      if nominee == nil { nominate(source, at: now) }
    }
    return output
  }

  private func outstanding(_ id: TransactionID) -> SentCheck? {
    for index in 0..<min(sentCount, 32) where sent[index].id == id { return sent[index] }
    return nil
  }

  private mutating func nominate(_ address: TransportAddress, at now: Instant) {
    nominee = address
    for index in pairs.indices where pairs[index].address == address { pairs[index].due = now }
    lastCheck = Instant(nanoseconds: .min / 2)
  }

  private mutating func select(_ address: TransportAddress, isOfRestart: Bool, at now: Instant) -> IceEvent? {
    if isOfRestart, let restarted {
      current = restarted
      self.restarted = nil
      valid.finishRestart()
    }
    lastConsent = now
    isAnswered = true
    // The rest is checked again when this one is silent.
    for index in pairs.indices {
      pairs[index].due = pairs[index].address == address ? now + Self.consentInterval : nil
      pairs[index].checks = 0
    }
    let before = (selected, state)
    selected = address
    state = .connected
    if before.0 == nil { return .selected(address) }
    if before.0 != address { return .addressChanged(address) }
    return before.1 == .disconnected ? .reconnected : nil
  }
}

// MARK: - What comes in

extension IceControllingAgent {
  /// - Parameters:
  ///   - message: What was read from `datagram`.
  ///   - reply: Gets the response. `IceLiteAgent.maximumMessageByteCount` is always enough.
  public mutating func receive(
    _ message: STUNMessage, in datagram: RawSpan, from source: TransportAddress, at now: Instant,
    reply: inout MutableRawSpan
  ) -> IceOutput {
    switch message.type {
    case .bindingRequest: answer(message, in: datagram, from: source, at: now, reply: &reply)
    case .bindingSuccess: accept(message, in: datagram, from: source, at: now)
    default: IceOutput()
    }
  }

  /// A check of the server's own. It shows that the server is back, so that what was given up is checked again
  /// (RFC 8445, section 7.3.1.4).
  private mutating func answer(
    _ request: STUNMessage, in datagram: RawSpan, from source: TransportAddress, at now: Instant,
    reply: inout MutableRawSpan
  ) -> IceOutput {
    let key: MessageIntegrityKey
    if current.authenticates(request, in: datagram) {
      key = current.localKey
    } else if let restarted, restarted.authenticates(request, in: datagram) {
      key = restarted.localKey
    } else {
      return IceOutput()
    }
    guard request.notUnderstood.isEmpty, request.iceControlling == nil else { return IceOutput() }
    var output = IceOutput()
    output.isAuthentic = true
    output.replyByteCount = request.answer(to: source, key, into: &reply)
    valid.insert(source, at: now, isOfRestart: false, keeping: selected)
    add(source, at: now)
    if state != .connected {
      for index in pairs.indices where pairs[index].address == source { pairs[index].due = now }
    }
    return output
  }
}

// MARK: - Time

extension IceControllingAgent {
  /// When `advance(to:)` or `nextCheck(at:using:into:)` has something to do.
  public var nextDeadline: Instant? {
    var deadline: Instant?
    if selected != nil {
      let limit = state == .connected ? configuration.disconnectedAfter : configuration.consentTimeout
      deadline = lastConsent + limit
    }
    guard newest.remoteKey != nil else { return deadline }
    for pair in pairs {
      guard let due = pair.due else { continue }
      let time = max(due, lastCheck + Self.pacing)
      deadline = deadline.map { min($0, time) } ?? time
    }
    return deadline
  }

  /// What has happened because nothing came.
  public mutating func advance(to now: Instant) -> IceEvent? {
    guard selected != nil else { return nil }
    if now >= lastConsent + configuration.consentTimeout {
      selected = nil
      nominee = nil
      state = .expired
      valid = ValidAddresses()
      checkAll(at: now)
      return .consentExpired
    }
    if state == .connected, now >= lastConsent + configuration.disconnectedAfter {
      state = .disconnected
      nominee = nil
      checkAll(at: now)
      return .disconnected
    }
    return nil
  }
}
