import Runtime

/// A check to be sent.
public struct IceCheck: Hashable, Sendable {
  public let destination: TransportAddress
  public let byteCount: Int
}

extension IceLiteAgent {
  /// Of a peer-reflexive candidate (RFC 8445, section 7.1.1), which is what a check out of nowhere comes from.
  private static let priority = Candidate.priority(.peerReflexive)

  /// Sends checks to the selected address until something authenticated comes from it, or consent expires. Nothing
  /// happens while the client's credentials are unknown.
  public mutating func startChecks(at now: Instant) {
    guard selected != nil, current.remoteKey != nil else { return }
    checks.start(at: now)
  }

  /// A check that is due, written into `buffer`; nil when none is, or when `buffer` is too small
  /// (`maximumMessageByteCount` never is).
  ///
  /// - Parameter generator: For the transaction id. It has to be a cryptographic one, which
  ///   `SystemRandomNumberGenerator` is.
  public mutating func nextCheck(
    at now: Instant, using generator: inout some RandomNumberGenerator, into buffer: inout MutableRawSpan
  ) -> IceCheck? {
    guard selected != nil, let key = current.remoteKey,
      let (destination, id) = takeTriggered(at: now, using: &generator) ?? takeRegular(at: now, using: &generator)
    else { return nil }
    var writer = STUNMessageWriter(.bindingRequest, id, into: &buffer)
    current.appendUsername(&writer, into: &buffer)
    writer.appendPriority(Self.priority, into: &buffer)
    // With the lowest tie-breaker: a client that believes itself controlled too takes the other role (section 7.3.1.1),
    // and never asks that of this side, which could not.
    writer.appendIceControlled(tieBreaker: 0, into: &buffer)
    writer.appendMessageIntegrity(key, into: &buffer)
    writer.appendFingerprint(into: &buffer)
    return writer.byteCount > 0 ? IceCheck(destination: destination, byteCount: writer.byteCount) : nil
  }

  /// The check of the selected address that is due.
  private mutating func takeRegular(
    at now: Instant, using generator: inout some RandomNumberGenerator
  ) -> (destination: TransportAddress, id: TransactionID)? {
    guard let selected, let due = checks.due, due <= now else { return nil }
    let id = TransactionID(using: &generator)
    checks.sent(id, nextAt: now + configuration.checkInterval)
    return (selected, id)
  }

  /// A response to a check of this side (RFC 8445, section 7.2.5): it has to come from where the check went, carry
  /// its id and be made with the client's password. It says that the client consents to get media there.
  mutating func accept(
    _ response: STUNMessage, in datagram: RawSpan, from source: TransportAddress, at now: Instant
  ) -> IceOutput {
    let id = response.transactionID
    let confirms = source == unconfirmed?.address && unconfirmed!.checks.isOutstanding(id)
    guard confirms || source == selected && checks.isOutstanding(id), let key = current.remoteKey,
      response.isAuthentic(key, in: datagram), response.notUnderstood.isEmpty
    else { return IceOutput() }
    var output = IceOutput()
    output.isAuthentic = true
    valid.insert(source, at: now, isOfRestart: false, keeping: selected)
    output.event = confirms ? follow(source, at: now) : refreshConsent(at: now)
    return output
  }
}
