import Media

/// The datagrams of a call and its session descriptions. `Media` itself says what to try with them, since its tests do
/// the same with mutated samples.
extension FuzzTarget {
  static let media: [FuzzTarget] = [
    FuzzTarget("stun") { STUNMessage.exercise($0.bytes.span.bytes) },
    FuzzTarget("ice", cost: 4) { IceLiteAgent.exercise($0.bytes.span.bytes) },
    FuzzTarget("candidate") { Candidate.exercise($0.bytes.span.bytes) },
    FuzzTarget("rtp") { RTPHeader.exercise($0.bytes.span.bytes) },
    FuzzTarget("rtcp") { RTCPCompound.exercise($0.bytes.span.bytes) },
    FuzzTarget("srtp", cost: 10) { SRTPReceiver.exercise($0.bytes.span.bytes) },
    FuzzTarget("sdes") { SDESCrypto.exercise($0.bytes.span.bytes) },
    FuzzTarget("offer", cost: 10) { Offer.exercise($0.bytes.span.bytes) },
    FuzzTarget("trickle") { TrickleFragment.exercise($0.bytes.span.bytes) },
    FuzzTarget("dtls", cost: 50) { DTLSConnection.exercise($0.bytes.span.bytes) },
    FuzzTarget("fingerprint") { DTLSFingerprint.exercise($0.bytes.span.bytes) },
    FuzzTarget("dcep") { DCEPMessage.exercise($0.bytes.span.bytes) },
    FuzzTarget("sctp", cost: 50) { SCTPAssociation.exercise($0.bytes.span.bytes) },
  ]
}
