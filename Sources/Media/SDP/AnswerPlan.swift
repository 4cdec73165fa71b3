/// Decides which sections of an offer are accepted, and how. All accepted ones share one transport.
struct AnswerPlan {
  let offer: Offer
  let policy: AnswerPolicy
  let local: LocalTransport
  /// Of the session, when `offer` is not its first.
  let previous: Answer?

  private(set) var sections: [Answer.Section] = []
  private(set) var transport: NegotiatedTransport
  /// The mids of accepted sections that the offer bundles; empty where it has no bundle.
  private(set) var bundle: [String] = []

  init(_ offer: Offer, policy: AnswerPolicy, local: LocalTransport, previous: Answer? = nil) throws(OfferRefusal) {
    self.offer = offer
    self.policy = policy
    self.local = local
    self.previous = previous
    let audio = AudioPlan(offer, policy: policy, local: local, previous: previous)
    let negotiator = TransportNegotiator(offer, local: local, role: policy.role, previous: previous)
    let first: Int
    if let primary = audio.primary {
      first = primary
    } else if policy.requiresAudio || !policy.acceptsData {
      throw audio.refusal
    } else if let data = offer.sections.firstIndex(where: { $0.kind == .data && !$0.isRejected }) {
      first = data
    } else {
      throw audio.refusal
    }
    transport = try negotiator.transport(of: first)

    let group = offer.bundle(of: first)
    var hasData = false
    for (index, section) in offer.sections.enumerated() {
      let isMate = index == first || section.mid.map { group?.contains($0) == true } ?? false
      let isTagged = section.mid != nil && section.mid == group?.first && TransportNegotiator.carriesRTP(section)
      if section.isRejected {
        sections.append(.rejected(.off))
      } else if case .other(let media) = section.kind {
        let reason = SectionRejection.notServed(media: media)
        sections.append(isTagged && negotiator.hasRTCPMux(index) ? .idle(reason) : .rejected(reason))
      } else if section.kind == .audio, let problem = audio.problem(of: index) {
        sections.append(.rejected(.refused(problem)))
      } else if !isMate {
        sections.append(.rejected(.notBundled))
      } else if section.kind == .audio {
        sections.append(
          audio.negotiated(index).map { .audio($0) } ?? (isTagged ? .idle(.notNeeded) : .rejected(.notNeeded)))
      } else if hasData || !policy.acceptsData || transport.role == nil {
        sections.append(.rejected(.dataNotAccepted))
      } else {
        hasData = true
        sections.append(.data(NegotiatedData(section, index: index)))
      }
    }
    let accepted = zip(offer.sections, sections).filter { !$1.isRejected }.compactMap(\.0.mid)
    bundle = group?.filter(accepted.contains) ?? []
  }
}
