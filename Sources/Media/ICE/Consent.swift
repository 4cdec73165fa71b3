import Runtime

extension IceLiteAgent {
  /// When `advance(to:)` or `nextCheck(at:using:into:)` has something to do; nil when time changes nothing.
  public var nextDeadline: Instant? {
    guard selected != nil else { return nil }
    var deadline = lastConsent + configuration.consentTimeout
    if state == .connected { deadline = min(deadline, lastConsent + configuration.disconnectedAfter) }
    if let due = successionDue { deadline = min(deadline, due) }
    if let due = unconfirmed?.checks.due { deadline = min(deadline, due) }
    if let due = checks.due {
      deadline = min(deadline, due)
    } else if current.remoteKey != nil {
      deadline = min(deadline, lastConsent + configuration.checkAfter)
    }
    return deadline
  }

  /// What has happened because nothing came.
  public mutating func advance(to now: Instant) -> IceEvent? {
    guard selected != nil else { return nil }
    if now >= lastConsent + configuration.consentTimeout {
      selected = nil
      state = .expired
      valid = ValidAddresses()
      checks.stop()
      successor = nil
      unconfirmed = nil
      return .consentExpired
    }
    if let successor, let due = successionDue, now >= due {
      if let event = succeed(successor, at: now) { return event }
    }
    if now >= lastConsent + configuration.checkAfter { startChecks(at: now) }
    if state == .connected, now >= lastConsent + configuration.disconnectedAfter {
      state = .disconnected
      return .disconnected
    }
    return nil
  }

  /// Something authenticated came from the selected address.
  mutating func refreshConsent(at now: Instant) -> IceEvent? {
    lastConsent = now
    checks.stop()
    successor = nil
    guard state == .disconnected else { return nil }
    state = .connected
    return .reconnected
  }
}
