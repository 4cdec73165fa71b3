/// The body of a `PATCH` on a call, `application/trickle-ice-sdpfrag` (RFC 8840, section 9): late candidates, or an
/// ICE restart (WHIP, RFC 9725, section 4.3). ETags are the caller's affair.
public struct TrickleFragment: Sendable, Hashable {
  public struct Section: Sendable, Hashable {
    /// Nil where the fragment does not say; with a bundle it does not matter.
    public var mid: String?
    public var candidates: [Candidate]
    public var endOfCandidates: Bool

    public init(mid: String?, candidates: [Candidate], endOfCandidates: Bool) {
      self.mid = mid
      self.candidates = candidates
      self.endOfCandidates = endOfCandidates
    }
  }

  /// Of the whole fragment: all sections of a bundle have the same.
  public var credentials: IceCredentials?
  public var isICELite = false
  public var sections: [Section]

  public init(credentials: IceCredentials?, sections: [Section]) {
    self.credentials = credentials
    self.sections = sections
  }

  public init(_ bytes: [UInt8]) throws(SDPError) {
    let description = try SDPReader.read(bytes, as: .fragment)
    isICELite = description.session.hasAttribute("ice-lite")
    credentials = try IceCredentials([], session: description.session)
    sections = []
    let candidates = TransportDescription.candidates(description.session)
    let end = description.session.hasAttribute("end-of-candidates")
    // Some WHIP clients leave out the m= line.
    if !candidates.isEmpty || (end && description.sections.isEmpty) {
      sections.append(Section(mid: nil, candidates: candidates, endOfCandidates: end))
    }
    for section in description.sections {
      if credentials == nil { credentials = try IceCredentials(section.lines, session: []) }
      sections.append(
        Section(
          mid: section.lines.attribute("mid").map { String($0.value) },
          candidates: TransportDescription.candidates(section.lines),
          endOfCandidates: end || section.lines.hasAttribute("end-of-candidates")))
    }
  }

  /// Of all sections, each once and in order: with a bundle they are of one transport.
  public var candidates: [Candidate] {
    var seen: Set<Candidate> = []
    return sections.flatMap(\.candidates).filter { seen.insert($0).inserted }
  }

  /// Whether there will be no more candidates.
  public var endOfCandidates: Bool { sections.contains(where: \.endOfCandidates) }

  public var text: String {
    var description = SessionDescription()
    if isICELite { description.add("ice-lite") }
    if let credentials {
      description.add("ice-ufrag:\(credentials.ufrag)")
      description.add("ice-pwd:\(credentials.password)")
    }
    for section in sections {
      // Of this line only the place counts (RFC 8840, section 9.2).
      var part = SessionDescription.Section(media: "audio", port: 9, proto: "RTP/AVP", formats: ["0"])
      if let mid = section.mid { part.add("mid:\(mid)") }
      for candidate in section.candidates { part.add(candidate.description) }
      if section.endOfCandidates { part.add("end-of-candidates") }
      description.sections.append(part)
    }
    return description.text
  }
}

extension TrickleFragment {
  /// What a fragment is for.
  public enum Purpose: Sendable, Hashable {
    /// More candidates of the generation in force.
    case candidates
    /// New credentials: ICE begins anew, see `Answer.restarted`.
    case restart(IceCredentials)
  }

  /// - Parameter current: The other side's credentials that are in force.
  public func purpose(under current: IceCredentials?) -> Purpose {
    guard let credentials, credentials != current else { return .candidates }
    return .restart(credentials)
  }
}

// MARK: - ICE restart

extension Answer {
  /// The session after an ICE restart that came as a fragment and not as an offer.
  /// - Parameter local: With new credentials.
  public func restarted(by fragment: TrickleFragment, local: LocalTransport) -> Answer {
    var answer = self
    answer.local = local
    answer.transport.restart(fragment)
    return answer
  }

  /// Our credentials and candidates, for the reply to a restart.
  public var fragment: TrickleFragment {
    let tag = sections.indices.first { isTagged($0) }
    var fragment = TrickleFragment(
      credentials: local.credentials,
      sections: [
        TrickleFragment.Section(
          mid: tag.flatMap { offer.sections[$0].mid }, candidates: local.candidates, endOfCandidates: true)
      ])
    fragment.isICELite = true
    return fragment
  }
}
