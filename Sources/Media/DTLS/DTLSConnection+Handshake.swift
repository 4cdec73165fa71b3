import Runtime

extension DTLSConnection {
  func route(_ record: DTLSRecord, of datagram: [UInt8], now: Instant) {
    guard record.epoch == 1 || record.isExpected(in: datagram, by: role) else { return }
    if role == .server, let random = record.clientRandom(in: datagram) {
      guard let attempt = attempts.first(where: { $0.clientRandom == random }) else {
        begin(answering: (random, datagram[record.bounds]), now: now)
        return
      }
      feed(record, of: datagram, to: attempt, now: now)
      return
    }
    // Nothing in it says whose it is: for a rival it is a message out of order, or one with a bad signature.
    for attempt in attempts where state == .handshaking { feed(record, of: datagram, to: attempt, now: now) }
  }

  private func feed(_ record: DTLSRecord, of datagram: [UInt8], to attempt: DTLSAttempt, now: Instant) {
    if record.epoch == 1 {
      if record.type == .applicationData {
        guard attempt.earlyDataRecords < Self.maximumEarlyDataRecords else { return }
        attempt.earlyDataRecords += 1
      } else {
        guard attempt.earlyHandshakeRecords < Self.maximumEarlyHandshakeRecords else { return }
        attempt.earlyHandshakeRecords += 1
      }
    }
    take(attempt.advance(with: datagram[record.bounds]), of: attempt, now: now)
  }

  func begin(answering hello: (random: [UInt8], record: ArraySlice<UInt8>)?, now: Instant) {
    restartAt = nil
    guard allowance.take(now: now) else {
      if role == .client { restartAt = now + configuration.attemptInterval }
      return
    }
    guard
      let attempt = DTLSAttempt(
        identity: identity, role: role, mtu: configuration.mtu, clientRandom: hello?.random)
    else {
      lastFailure = OpenSSLErrors.take()
      return
    }
    // The newest gives way: the one that was first is more likely to be the peer's, which started when ICE did.
    if attempts.count == Self.maximumRivals { attempts.removeLast() }
    attempts.append(attempt)
    take(attempt.advance(with: hello?.record), of: attempt, now: now)
  }

  func take(_ progress: DTLSAttempt.Progress, of attempt: DTLSAttempt, now: Instant) {
    switch progress {
    case .pending: transmit(attempt.takeOutbound())
    case .finished: complete(attempt)
    case .failed(let reason):
      // With its alert, which would end the peer's handshake though it was not the peer who is to blame.
      lastFailure = reason
      attempts.removeAll { $0 === attempt }
      if role == .client { begin(answering: nil, now: now) }
    }
  }

  private func complete(_ attempt: DTLSAttempt) {
    guard let certificate = attempt.peerCertificate else {
      fail(.noPeerCertificate)
      return
    }
    guard DTLSFingerprint.verify(certificate: certificate, announced: fingerprints) else {
      fail(.fingerprintMismatch)
      return
    }
    guard let profile = attempt.srtpProfile, let keys = attempt.exportKeys(for: profile, role: role) else {
      fail(.srtpNotNegotiated)
      return
    }
    let flight = attempt.takeOutbound()
    if role == .server { finalFlight = flight }
    transmit(flight)
    established = attempt
    attempts = []
    state = .connected
    events.append(.connected(keys))
  }

  func fail(_ error: DTLSError) {
    state = .failed(error)
    attempts = []
    established = nil
    inbox = []
    events.append(.failed(error))
  }
}
