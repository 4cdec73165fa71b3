import Runtime

/// A client whose NAT binds it anew while it speaks: what it says is heard at once, and it is sent to as soon as it has
/// said by a check that it is there.
extension Peer {
  /// Where authentic audio came from, newer than all before, that no check came from. It is asked whether the other side
  /// is there; until it answers nothing else is sent to it.
  public var unconfirmedAddress: TransportAddress? { path.unconfirmedAddress }

  /// Whether a packet from an address without a check is looked at: SRTP of a source that was heard before. SRTP then
  /// says whether it is authentic and new. It is tried no more often than `AttemptLimit` has it.
  mutating func mayHave(_ datagram: RawSpan, _ kind: Demux.Kind, from source: TransportAddress) -> Bool {
    guard kind == .rtp, path.followsMedia, receiver != nil, newestIndex(datagram) != nil else { return false }
    return source == path.unconfirmedAddress || strangers.allows(at: now)
  }

  /// Authentic audio, newer than all before, came from another address than the selected one.
  mutating func heard(from source: TransportAddress, at local: TransportAddress) {
    path.heard(from: source, at: now)
    if path.unconfirmedAddress == source { unconfirmedLocalAddress = local }
  }
}
