/// Why an offer that could be read is not taken. Each says what to do about it.
public enum OfferRefusal: Error, Hashable {
  /// There is no `m=audio` section.
  case noAudio
  /// Every audio section is off (port 0).
  case audioIsOff
  /// The section's protocol is none that carries RTP here: `RTP/AVP` without keys, say.
  case unprotected(proto: String)
  /// Neither a fingerprint nor an SDES key.
  case noKeys
  /// SDES keys where they are not accepted.
  case sdesNotAccepted
  /// SDES keys, of no suite that is taken.
  case noCommonSuite(offered: [String])
  /// SDES keys without `a=ssrc`, or with more than are taken: by it the sender's packets are known.
  case sourcesNotDeclared(limit: Int)
  /// SDES keys with an `a=ssrc` that is another one's here.
  case sourceInUse
  /// A re-offer has the SDES key of before for something else than before.
  case keyReused
  /// No ICE user name and password.
  case noICE
  /// The other side is ICE-lite too, and then nobody would begin.
  case bothICELite
  /// `a=setup:holdconn`.
  case onHold
  /// RTCP would need a port of its own.
  case noRTCPMux
  /// Neither Opus nor G.711.
  case noCommonCodec(offered: [String])
  /// A re-offer has fewer `m=` lines than there were (RFC 3264, section 8).
  case sectionsRemoved(now: Int, before: Int)
  /// A re-offer has another mid or medium in the place of a section (RFC 9429, section 5.8).
  case sectionChanged(index: Int)
  /// A re-offer wants the DTLS roles changed without a new certificate (RFC 8842, section 5.4).
  case rolesChanged
}

extension OfferRefusal {
  /// For `error.code`.
  public var code: String {
    switch self {
    case .noAudio: "sdp_no_audio"
    case .audioIsOff: "sdp_audio_off"
    case .unprotected: "sdp_unprotected_media"
    case .noKeys: "sdp_no_fingerprint"
    case .sdesNotAccepted: "sdp_sdes_not_accepted"
    case .noCommonSuite: "sdp_no_common_crypto_suite"
    case .sourcesNotDeclared: "sdp_ssrc_not_declared"
    case .sourceInUse: "sdp_ssrc_in_use"
    case .keyReused: "sdp_key_reused"
    case .noICE: "sdp_no_ice_credentials"
    case .bothICELite: "sdp_both_ice_lite"
    case .onHold: "sdp_setup_holdconn"
    case .noRTCPMux: "sdp_no_rtcp_mux"
    case .noCommonCodec: "sdp_no_common_codec"
    case .sectionsRemoved, .sectionChanged: "sdp_sections_changed"
    case .rolesChanged: "sdp_dtls_role_changed"
    }
  }
}

extension OfferRefusal: CustomStringConvertible {
  /// What is wrong, and the remedy.
  public var description: String {
    switch self {
    case .noAudio:
      "The offer has no audio section. Add a track or addTransceiver(\"audio\") before createOffer()."
    case .audioIsOff:
      "The offer's audio section is off (port 0). Start its transceiver, or add one, before createOffer()."
    case .unprotected(let proto):
      "The audio section's protocol is \(Self.shown(proto)), which is not encrypted. Offer UDP/TLS/RTP/SAVPF with "
        + "a=fingerprint (DTLS-SRTP)."
    case .noKeys:
      "The audio section has no a=fingerprint line, so its encryption cannot be set up. Offer DTLS-SRTP, as every "
        + "WebRTC client does."
    case .sdesNotAccepted:
      "The offer has SDES keys (a=crypto), which are not accepted here. Offer DTLS-SRTP with a=fingerprint, or have "
        + "SDES allowed in the server's configuration; it also needs HTTPS."
    case .noCommonSuite(let offered):
      "None of the offer's a=crypto lines can be taken (\(Self.shown(offered))). Offer "
        + SRTPProfile.allCases.map(\.sdesName).joined(separator: " or ") + ", without MKI and session parameters."
    case .sourcesNotDeclared(let limit):
      "With SDES keys the audio section has to say in a=ssrc:<number> cname:<name> lines which SSRCs are sent, one to "
        + "\(limit) of them. Add them; each is a random number below 2^32."
    case .sourceInUse:
      "An SSRC of the offer is that of another call. Draw another at random (RFC 3550, section 8.2), and offer again."
    case .keyReused:
      "The new offer has the key of the one before, with other SSRCs, or with ICE where there was none. Offer a new key "
        + "in a=crypto."
    case .noICE:
      "The offer has no a=ice-ufrag and a=ice-pwd. Offer with ICE: the description that setLocalDescription() was given "
        + "has them."
    case .bothICELite:
      "The offer says a=ice-lite, and this server is ICE-lite too: neither would begin. Turn ICE-lite off on your side."
    case .onHold:
      "The offer says a=setup:holdconn. Offer a=setup:actpass."
    case .noRTCPMux:
      "The audio section has no a=rtcp-mux, and RTCP has no port of its own here. Turn RTCP multiplexing on "
        + "(rtcpMuxPolicy \"require\"; in a SIP gateway, its rtcp-mux option)."
    case .noCommonCodec(let offered):
      "The audio section offers neither Opus nor PCMU nor PCMA (it has: \(Self.shown(offered))). Do not remove them, or "
        + "do not set codec preferences without Opus."
    case .sectionsRemoved(let now, let before):
      "The new offer has \(now) m= lines, and the session has \(before). Offer with the same peer connection; sections "
        + "that are no longer used stay, with port 0."
    case .sectionChanged(let index):
      "The new offer's m= line \(index + 1) has another mid or medium than the session. Offer with the same peer "
        + "connection."
    case .rolesChanged:
      "The new offer asks for the other DTLS role in a running session. Offer a=setup:actpass, or a new certificate."
    }
  }

  private static func shown(_ words: [String]) -> String {
    words.isEmpty ? "none" : words.prefix(8).map(shown).joined(separator: ", ") + (words.count > 8 ? ", …" : "")
  }

  private static func shown(_ word: String) -> String {
    String(word.prefix(40))
  }
}
