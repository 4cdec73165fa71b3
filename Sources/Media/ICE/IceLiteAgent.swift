import Runtime

/// The server's side of ICE with one client (RFC 8445, lite; consent by RFC 7675). Sans-IO; for use by one thread.
///
/// It answers the client's checks, keeps the addresses that they came from, and sends to the one that the client
/// nominates. It is always controlled. Unlike RFC 8445 asks of a lite agent it also sends checks of its own, to the
/// selected address when the client has been silent: after a restart of the server a browser that has given up answers
/// those and nothing else, and a client that never checks again after its first success shows by its responses that it
/// still consents. And to an address that authentic media comes from (`heard(from:at:)`), which is selected when it
/// answers: a client that a NAT has bound anew does not know that it would have to check.
///
/// After each call, and at `nextDeadline`: `advance(to:)`, then `nextCheck(at:using:into:)`. A shell that was held up
/// should read its socket before it calls `advance(to:)`, lest it finds clients silent whose checks wait there.
///
/// A check on a valid address allocates nothing: messages are read and written in place, keys are hashed beforehand,
/// and everything that grows with the client's doing is of a fixed size.
public struct IceLiteAgent: ~Copyable, Sendable {
  /// Enough for every message that is written: the largest is a check with fragments of 256 bytes.
  public static let maximumMessageByteCount = 600

  public let configuration: IceConfiguration
  public internal(set) var state = IceState.new
  /// Where media is sent to. Nil before the first nomination and after consent has expired.
  public internal(set) var selected: TransportAddress?

  var current: IceGeneration
  /// Of an ICE restart, beside the old ones until the client nominates with them (RFC 8445, section 2.4).
  var restarted: IceGeneration?
  var valid = ValidAddresses()
  var recent = RecentTransactions()
  var checks = OutgoingChecks()
  /// While the selected address is asked whether it is still there.
  var successor: IceSuccessor?
  /// Where media comes from, while it is asked whether the client is there.
  var unconfirmed: UnconfirmedAddress?
  /// Before it no unconfirmed address is sent a check, and before it none may be followed.
  var mayTrigger = Instant(nanoseconds: .min)
  var mayFollow = Instant(nanoseconds: .min)
  /// When something authenticated last came from the selected address.
  var lastConsent = Instant(nanoseconds: 0)
  /// PRIORITY of the nomination that counts, and until when a lower one does not replace it.
  var selectedPriority: UInt32 = 0
  var settled = Instant(nanoseconds: .min)

  /// - Parameter remote: Nil when this side offers, until `setRemoteCredentials`.
  public init(
    local: IceCredentials, remote: IceCredentials? = nil, configuration: IceConfiguration = IceConfiguration()
  ) {
    self.configuration = configuration
    current = IceGeneration(local: local, remote: remote)
  }

  /// Goes on where another process was: the address is selected and disconnected, and checks are sent to it at once
  /// until something comes from the client. Consent is given `consentTimeout` from `now`.
  public init(
    restoring checkpoint: IceCheckpoint, configuration: IceConfiguration = IceConfiguration(), at now: Instant
  ) {
    self.configuration = configuration
    current = IceGeneration(local: checkpoint.current.local, remote: checkpoint.current.remote)
    restarted = checkpoint.restart.map { IceGeneration(local: $0.local, remote: $0.remote) }
    state = .disconnected
    selected = checkpoint.remoteAddress
    lastConsent = now
    valid.insert(checkpoint.remoteAddress, at: now, isOfRestart: false, keeping: nil)
    startChecks(at: now)
  }

  /// For the SDP: those of the latest restart.
  public var localCredentials: IceCredentials { restarted?.local ?? current.local }

  /// Those of the latest restart; nil while unknown.
  public var remoteCredentials: IceCredentials? { restarted == nil ? current.remote : restarted?.remote }

  /// The client's answer to this side's offer.
  public mutating func setRemoteCredentials(_ remote: IceCredentials) {
    if restarted == nil {
      current.setRemote(remote)
    } else {
      restarted?.setRemote(remote)
    }
  }

  /// Begins an ICE restart (RFC 8445, section 9). The old credentials and addresses stay good until the client nominates
  /// with the new ones; a restart that has not come so far is replaced.
  ///
  /// - Parameter remote: The client's, from its offer; nil when this side offers.
  public mutating func restart(local: IceCredentials, remote: IceCredentials? = nil) {
    restarted = IceGeneration(local: local, remote: remote)
    valid.forgetRestart()
  }

  /// To be kept after each call of `restart` and `setRemoteCredentials`, and each `IceEvent.selected` and
  /// `.addressChanged`. (One that still holds credentials which a restart has retired does no harm.) Nil while nothing
  /// is selected.
  public var checkpoint: IceCheckpoint? {
    guard let selected else { return nil }
    return IceCheckpoint(
      current: IceCheckpoint.Credentials(local: current.local, remote: current.remote),
      restart: restarted.map { IceCheckpoint.Credentials(local: $0.local, remote: $0.remote) },
      remoteAddress: selected)
  }

  /// Whether DTLS and SRTP may be taken from `address`: an authenticated check came from it within `consentTimeout`.
  public func isValid(_ address: TransportAddress, at now: Instant) -> Bool {
    address == selected || valid.contains(address, since: consentLimit(now))
  }

  func consentLimit(_ now: Instant) -> Instant {
    Instant(nanoseconds: now.nanoseconds &- configuration.consentTimeout.nanoseconds)
  }
}
