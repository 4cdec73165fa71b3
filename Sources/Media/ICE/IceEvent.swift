/// What happens to the path to a peer.
public enum IceEvent: Hashable, Sendable {
  /// The first address was nominated, or one after `consentExpired`: media may flow to it.
  case selected(TransportAddress)
  /// The client moved: media flows to the new address from now on. It ends a disconnection too.
  case addressChanged(TransportAddress)
  /// No authenticated check has come for `IceConfiguration.disconnectedAfter`. Media may still be sent.
  case disconnected
  /// The end of a disconnection, on the same address.
  case reconnected
  /// Nothing has come for `IceConfiguration.consentTimeout`: nothing may be sent any more (RFC 7675), and no address is
  /// valid, until the client checks and nominates anew.
  case consentExpired
}

public enum IceState: Sendable {
  /// Nothing has been nominated.
  case new
  case connected
  case disconnected
  /// Consent is gone.
  case expired
}

/// What a message did.
public struct IceOutput: Hashable, Sendable {
  /// Whether the message was authenticated, so that its source is the peer's: a shell may send what else comes from
  /// there to this peer, which asks `IceLiteAgent.isValid(_:at:)` each time. Where it is false nothing has changed,
  /// and nothing is to be sent.
  public internal(set) var isAuthentic = false
  /// Of the response that was written, which goes to the message's source; 0 when there is none.
  public internal(set) var replyByteCount = 0
  public internal(set) var event: IceEvent?
}
