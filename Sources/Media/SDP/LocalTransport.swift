/// Our end of a call: what the answer says of addresses, ICE, DTLS and SDES.
public struct LocalTransport: Sendable {
  public var credentials: IceCredentials
  public var fingerprint: DTLSFingerprint
  /// Advertised addresses with the port of the session's shard, see `Candidate.hosts`.
  public var candidates: [Candidate]
  /// Fresh keys of the suites that may be answered to SDES; empty where SDES is not accepted. They have to come over
  /// TLS or the loopback interface only.
  public var sdesKeys: [SRTPMasterKey]

  public init(
    credentials: IceCredentials, fingerprint: DTLSFingerprint, candidates: [Candidate],
    sdesKeys: [SRTPMasterKey] = []
  ) {
    self.credentials = credentials
    self.fingerprint = fingerprint
    self.candidates = candidates
    self.sdesKeys = sdesKeys
  }

  /// The one of `c=` and `m=` lines: IPv4 where there is, which is all that some gateways read.
  var defaultAddress: TransportAddress {
    let addresses = candidates.compactMap { if case .ip(let address) = $0.address { address } else { nil } }
    return addresses.first(where: \.isIPv4) ?? addresses.first ?? TransportAddress(ipv4: 0, port: 9)
  }
}

extension TransportAddress {
  /// As in `c=` and `o=` lines: `IN IP4 192.0.2.1`.
  var connection: String { "IN \(isIPv4 ? "IP4" : "IP6") \(host)" }
}
