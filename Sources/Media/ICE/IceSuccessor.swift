import Runtime

/// An address that may have taken the selected one's place without being nominated.
struct IceSuccessor: Hashable, Sendable {
  var address: TransportAddress
  /// PRIORITY of its check.
  var priority: UInt32
  /// When the selected address was first asked because of it.
  var since: Instant
  /// When its newest check came: since then it consents.
  var lastCheck: Instant
}

extension IceLiteAgent {
  /// When the successor takes the selected address's place: not while a lower priority does not, see `settlingTime`.
  var successionDue: Instant? {
    guard let successor else { return nil }
    let due = successor.since + configuration.successionPatience
    return successor.priority < selectedPriority ? max(due, settled) : due
  }

  /// A check that nominates nothing came from another address than the selected one.
  ///
  /// It may be of a pair that the client keeps for need. But when a NAT has bound the client anew, the client knows
  /// nothing of it, and one that nominates only once (RFC 8445, section 8.1.1) checks its selected pair from the new
  /// address without ever nominating it: nobody would hear the server again. So the selected address is asked, and when
  /// it does not answer within `successionPatience`, this one takes its place.
  mutating func suspect(_ source: TransportAddress, _ priority: UInt32, at now: Instant) {
    guard selected != nil, current.remoteKey != nil else { return }
    successor = IceSuccessor(
      address: source, priority: priority, since: successor?.since ?? now, lastCheck: now)
    startChecks(at: now)
  }

  /// The selected address has not answered: the successor takes its place, with the consent that it has given, and no
  /// more. One whose consent is over takes nothing.
  mutating func succeed(_ successor: IceSuccessor, at now: Instant) -> IceEvent? {
    self.successor = nil
    guard now < successor.lastCheck + configuration.consentTimeout else { return nil }
    let event = nominate(successor.address, successor.priority, isRestart: false, at: now)
    lastConsent = successor.lastCheck
    return event
  }
}
