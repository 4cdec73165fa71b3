/// Settles ICE and keys with a section of an offer, or says why that cannot be.
struct TransportNegotiator {
  private let offer: Offer
  private let local: LocalTransport
  /// Of DTLS, where we may choose.
  private let preferredRole: DTLSRole
  private let previous: Answer?

  init(_ offer: Offer, local: LocalTransport, role: DTLSRole, previous: Answer?) {
    self.offer = offer
    self.local = local
    preferredRole = role
    self.previous = previous
  }

  func transport(of index: Int) throws(OfferRefusal) -> NegotiatedTransport {
    let section = offer.sections[index]
    let remote = offer.transport(of: index)
    let keying = try keying(section, remote)
    guard !(offer.isICELite && remote.credentials != nil) else { throw .bothICELite }
    if case .dtls = keying, remote.credentials == nil { throw .noICE }
    return NegotiatedTransport(keying: keying, remote, section: section, isICELite: offer.isICELite)
  }

  /// A bundled section may leave it to the tagged one.
  func hasRTCPMux(_ index: Int) -> Bool {
    if offer.sections[index].rtcpMux { return true }
    let tag = offer.bundle(of: index)?.first
    return tag != nil && offer.sections.contains { $0.mid == tag && $0.rtcpMux }
  }

  static func carriesRTP(_ section: MediaSection) -> Bool { rtp.contains(section.proto) }

  /// A fingerprint means DTLS whatever the protocol's name, as RFC 9429, section 5.1.2, has it.
  private func keying(_ section: MediaSection, _ remote: TransportDescription) throws(OfferRefusal)
    -> NegotiatedTransport.Keying
  {
    guard section.kind == .data || Self.carriesRTP(section) else { throw .unprotected(proto: section.proto) }
    // Gateways offer both where they do not know the other side; DTLS needs ICE here, and SDES does not.
    let isForSDES = remote.credentials == nil && !remote.crypto.isEmpty && !local.sdesKeys.isEmpty
    if !remote.fingerprints.isEmpty, !(isForSDES && Self.srtp.contains(section.proto)) {
      return .dtls(role: try role(remote), fingerprints: remote.fingerprints)
    }
    guard !Self.unprotected.contains(section.proto) else { throw .unprotected(proto: section.proto) }
    guard !remote.cryptoSuites.isEmpty, Self.srtp.contains(section.proto) else { throw .noKeys }
    return try sdes(remote)
  }

  private static let unprotected: Set = ["RTP/AVP", "RTP/AVPF"]
  private static let srtp: Set = ["RTP/SAVP", "RTP/SAVPF"]
  private static let rtp: Set = unprotected.union(srtp).union([
    "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVP", "TCP/TLS/RTP/SAVPF",
  ])

  /// RFC 8842, section 5.3. The role of a running association stays (section 5.4).
  private func role(_ remote: TransportDescription) throws(OfferRefusal) -> DTLSRole {
    var running: DTLSRole?
    if let previous, case .dtls(let role, let fingerprints) = previous.transport.keying,
      Set(fingerprints) == Set(remote.fingerprints), previous.local.fingerprint == local.fingerprint
    {
      running = role
    }
    let wanted: DTLSRole
    switch remote.setup {
    // An offer has to have the line; where it is missing nothing was ruled out.
    case .actpass, nil: return running ?? preferredRole
    case .active: wanted = .server
    case .passive: wanted = .client
    case .holdconn: throw .onHold
    }
    guard running ?? wanted == wanted else { throw .rolesChanged }
    return wanted
  }

  /// Of the lines that we have a key for the one of the best suite, AEAD_AES_128_GCM (RFC 7714), and of one suite the
  /// first. The offer's order says what the other side likes best (RFC 4568, section 5.1.1), which with many gateways is
  /// what is oldest. A key that is in use stays.
  private func sdes(_ remote: TransportDescription) throws(OfferRefusal) -> NegotiatedTransport.Keying {
    guard !local.sdesKeys.isEmpty else { throw .sdesNotAccepted }
    if let previous, case .sdes(_, let used) = previous.transport.keying, remote.crypto.contains(used) {
      return previous.transport.keying
    }
    for profile in SRTPProfile.allCases {
      guard let crypto = remote.crypto.first(where: { $0.key.profile == profile }),
        let key = local.sdesKeys.first(where: { $0.profile == profile })
      else { continue }
      return .sdes(local: CryptoAttribute(tag: crypto.tag, key: key), remote: crypto)
    }
    throw .noCommonSuite(offered: remote.cryptoSuites)
  }
}
