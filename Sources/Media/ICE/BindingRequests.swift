import Runtime

extension IceLiteAgent {
  /// - Parameters:
  ///   - message: What was read from `datagram`.
  ///   - reply: Gets the response. `maximumMessageByteCount` is always enough; with less nothing may be written.
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

  /// RFC 8445, section 7.3. What is not authenticated gets no answer at all.
  private mutating func answer(
    _ request: STUNMessage, in datagram: RawSpan, from source: TransportAddress, at now: Instant,
    reply: inout MutableRawSpan
  ) -> IceOutput {
    let isOfRestart: Bool
    if current.authenticates(request, in: datagram) {
      isOfRestart = false
    } else if restarted?.authenticates(request, in: datagram) == true {
      isOfRestart = true
    } else {
      return IceOutput()
    }
    if !isValid(source, at: now), recent.contains(request.transactionID) { return IceOutput() }
    recent.insert(request.transactionID)

    var output = IceOutput()
    output.isAuthentic = true
    let key = isOfRestart ? restarted!.localKey : current.localKey
    if !request.notUnderstood.isEmpty {
      output.replyByteCount = refuse(request, 420, key, &reply)
    } else if request.iceControlled != nil {
      // A lite agent is controlled whatever the tie-breakers say (section 6.1.1), so the other side has to give way.
      output.replyByteCount = refuse(request, 487, key, &reply)
    } else {
      output.replyByteCount = request.answer(to: source, key, into: &reply)
      output.event = note(request, from: source, isOfRestart: isOfRestart, at: now)
    }
    return output
  }

  private func refuse(
    _ request: STUNMessage, _ code: Int, _ key: MessageIntegrityKey, _ reply: inout MutableRawSpan
  ) -> Int {
    var writer = STUNMessageWriter(.bindingError, request.transactionID, into: &reply)
    writer.appendErrorCode(code, into: &reply)
    if code == 420 { writer.appendUnknownAttributes(request.notUnderstood, into: &reply) }
    writer.appendMessageIntegrity(key, into: &reply)
    writer.appendFingerprint(into: &reply)
    return writer.byteCount
  }

  /// What an authenticated check from `source` changes (RFC 8445, section 7.3.2).
  private mutating func note(
    _ request: STUNMessage, from source: TransportAddress, isOfRestart: Bool, at now: Instant
  ) -> IceEvent? {
    valid.insert(source, at: now, isOfRestart: isOfRestart, keeping: selected)
    guard request.usesCandidate else {
      if source == selected { return refreshConsent(at: now) }
      if !isOfRestart { suspect(source, request.priority ?? 0, at: now) }
      return nil
    }
    if isOfRestart { finishRestart() }
    return nominate(source, request.priority ?? 0, isRestart: isOfRestart, at: now)
  }

  /// The new credentials work: the old ones, and the addresses that only they vouch for, are retired.
  private mutating func finishRestart() {
    if let restarted { current = restarted }
    restarted = nil
    valid.finishRestart()
    checks.stop()
    unconfirmed = nil
  }

  mutating func nominate(
    _ address: TransportAddress, _ priority: UInt32, isRestart: Bool, at now: Instant
  ) -> IceEvent? {
    let isFirst = selected == nil
    if isFirst || isRestart {
      settled = now + configuration.settlingTime
    } else if address != selected, state == .connected, now < settled, priority < selectedPriority {
      return nil
    }
    selectedPriority = priority
    if address == selected { return refreshConsent(at: now) }
    selected = address
    unconfirmed = nil
    state = .connected
    _ = refreshConsent(at: now)
    return isFirst ? .selected(address) : .addressChanged(address)
  }
}

extension STUNMessage {
  /// Writes the success response to a check (RFC 8445, section 7.3.1.1), which tells its sender where it came from.
  ///
  /// - Returns: Its length.
  func answer(to source: TransportAddress, _ key: MessageIntegrityKey, into reply: inout MutableRawSpan) -> Int {
    var writer = STUNMessageWriter(.bindingSuccess, transactionID, into: &reply)
    writer.appendXORMappedAddress(source, into: &reply)
    writer.appendMessageIntegrity(key, into: &reply)
    writer.appendFingerprint(into: &reply)
    return writer.byteCount
  }
}
