/// The transport that all accepted sections share, as offer and answer settled it.
public struct NegotiatedTransport: Sendable, Hashable {
  public enum Keying: Sendable, Hashable {
    /// - Parameters:
    ///   - role: Ours.
    ///   - fingerprints: Of the other side's certificate, for `DTLSFingerprint.verify`. Never empty.
    case dtls(role: DTLSRole, fingerprints: [DTLSFingerprint])
    case sdes(local: CryptoAttribute, remote: CryptoAttribute)
  }

  public let keying: Keying
  /// The other side's; nil where it has no ICE, as SIP gateways with SDES.
  public private(set) var remoteCredentials: IceCredentials?
  public let remoteIsICELite: Bool
  /// The other side's: `trickle`, `ice2`, `renomination`.
  public let iceOptions: [String]
  /// The other side's.
  public private(set) var candidates: [Candidate]
  public private(set) var endOfCandidates: Bool
  /// Of the `c=` and `m=` lines. Without ICE it is where media is expected from; it proves nothing.
  public let remoteAddress: TransportAddress?

  init(keying: Keying, _ remote: TransportDescription, section: MediaSection, isICELite: Bool) {
    self.keying = keying
    remoteCredentials = remote.credentials
    remoteIsICELite = isICELite
    iceOptions = remote.iceOptions
    candidates = remote.candidates
    endOfCandidates = remote.endOfCandidates
    remoteAddress = section.connectionAddress.flatMap { TransportAddress(host: $0, port: section.port) }
  }

  /// Takes the new credentials of a fragment, and its candidates in the place of those before.
  mutating func restart(_ fragment: TrickleFragment) {
    if let credentials = fragment.credentials { remoteCredentials = credentials }
    candidates = Array(fragment.candidates.prefix(SDPLimits.candidates))
    endOfCandidates = fragment.endOfCandidates
  }

  /// Our DTLS role; nil with SDES.
  public var role: DTLSRole? {
    if case .dtls(let role, _) = keying { role } else { nil }
  }
}
