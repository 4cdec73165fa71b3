import Runtime

/// An address that the client's authentic media comes from, and no check: a NAT may have bound the client anew, of which
/// the client knows nothing. It is asked whether the client is there (a triggered check, RFC 8445, section 7.3.1.4), and
/// nothing else is sent to it before it answers.
struct UnconfirmedAddress: Sendable {
  let address: TransportAddress
  /// Each has a packet of media of its own that it goes out for, and there are `OutgoingChecks.capacity` of them at
  /// most: later the client's own checks have to show where it is.
  var checks = OutgoingChecks()
}

extension IceLiteAgent {
  /// Authentic media came from another address than the selected one, newer than all before it.
  ///
  /// Media says where its sender is sooner than the checks do, which come each few seconds. But only a check says that
  /// the client takes media there (RFC 7675), and who hears a packet may be the first to deliver it, from any address. So
  /// the address is asked: for each such packet once at most, each `checkInterval` at most, whatever the addresses are,
  /// so that nobody is made to send much to a third one. Nothing happens while nominations settle, or too soon after
  /// media has moved the path, so that a client which sends from two addresses is not followed back and forth.
  public mutating func heard(from source: TransportAddress, at now: Instant) {
    guard let selected, source != selected, current.remoteKey != nil, now >= settled, now >= mayFollow else { return }
    let next = max(now, mayTrigger)
    if unconfirmed?.address != source {
      guard next == now else { return }
      unconfirmed = UnconfirmedAddress(address: source)
    }
    guard unconfirmed!.checks.count < OutgoingChecks.capacity else { return }
    unconfirmed!.checks.start(at: next)
  }

  /// It has answered.
  mutating func follow(_ source: TransportAddress, at now: Instant) -> IceEvent? {
    mayFollow = now + configuration.followingInterval
    // It stands for the nominated pair, which the NAT has moved.
    return nominate(source, selectedPriority, isRestart: false, at: now)
  }

  /// The check of an unconfirmed address that is due.
  mutating func takeTriggered(
    at now: Instant, using generator: inout some RandomNumberGenerator
  ) -> (destination: TransportAddress, id: TransactionID)? {
    guard let due = unconfirmed?.checks.due, due <= now else { return nil }
    let id = TransactionID(using: &generator)
    unconfirmed!.checks.sent(id, nextAt: nil)
    mayTrigger = now + configuration.checkInterval
    return (unconfirmed!.address, id)
  }
}
