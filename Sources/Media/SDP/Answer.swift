/// What the server answers to an offer: a value that is asked for its text and for what was settled.
///
/// Every section of the offer has one in the answer, in the same place; rejected ones have port 0. The accepted ones
/// share one transport, of an ICE-lite agent. There is never an `a=ssrc` line: a server that comes back after a crash
/// may have to send with a new SSRC, which browsers play only where none was announced.
public struct Answer: Sendable {
  public enum Section: Sendable, Hashable {
    case audio(NegotiatedAudio)
    case data(NegotiatedData)
    /// Nothing is sent either way, but the section stays: it is the first of the bundle, whose transport it names.
    /// Chromium with `max-bundle` cannot have it rejected.
    case idle(SectionRejection)
    case rejected(SectionRejection)

    public var isRejected: Bool {
      if case .rejected = self { true } else { false }
    }
  }

  public let offer: Offer
  /// As many as the offer has.
  public let sections: [Section]
  public internal(set) var transport: NegotiatedTransport
  /// The mids of the accepted sections; empty where the offer has no bundle.
  public let bundle: [String]
  public internal(set) var local: LocalTransport
  /// Of the `o=` line; the version counts up with each answer of the session.
  public let sessionID: UInt64
  public let version: UInt64

  let policy: AnswerPolicy

  /// The first answer of a session.
  /// - Parameters:
  ///   - sessionID: Random; 63 bits of it are used (RFC 9429, section 5.2.1).
  ///   - version: Above 1 only where a session is restored whose client had an answer before.
  public init(
    to offer: Offer, policy: AnswerPolicy, local: LocalTransport, sessionID: UInt64, version: UInt64 = 1
  ) throws(OfferRefusal) {
    let plan = try AnswerPlan(offer, policy: policy, local: local)
    self.init(plan, sessionID: sessionID & UInt64(Int64.max), version: version)
  }

  /// Answers a re-offer of the same session. Ask `OfferChange` first whether ICE restarts: then `local` needs
  /// credentials of its own anew.
  public func next(to offer: Offer, policy: AnswerPolicy, local: LocalTransport) throws(OfferRefusal) -> Answer {
    try OfferChange.checkSections(of: offer, after: self)
    var policy = policy
    policy.requiresAudio = false
    let plan = try AnswerPlan(offer, policy: policy, local: local, previous: self)
    return Answer(plan, sessionID: sessionID, version: version &+ 1)
  }

  private init(_ plan: AnswerPlan, sessionID: UInt64, version: UInt64) {
    offer = plan.offer
    sections = plan.sections
    transport = plan.transport
    bundle = plan.bundle
    local = plan.local
    policy = plan.policy
    self.sessionID = sessionID
    self.version = version
  }

  /// The accepted audio sections. The first has the call's audio where there are several.
  public var audio: [NegotiatedAudio] {
    sections.compactMap { if case .audio(let audio) = $0 { audio } else { nil } }
  }

  /// The section in which the participant speaks, when it may.
  public var voice: NegotiatedAudio? { audio.first { $0.direction.receives } }

  /// Whether the section at `index` says what is said once for all that share the transport: the first of the bundle
  /// (RFC 8843, section 7.3.1), or the only one.
  func isTagged(_ index: Int) -> Bool {
    guard let tag = bundle.first else { return !sections[index].isRejected }
    return offer.sections[index].mid == tag
  }

  public var data: NegotiatedData? {
    for case .data(let data) in sections { return data }
    return nil
  }
}
