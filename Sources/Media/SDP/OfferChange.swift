/// What a re-offer changes in a session (RFC 3264, section 8).
public struct OfferChange: Sendable, Hashable {
  /// The other side's new credentials: the answer needs new ones of ours, and both sides check anew, while media goes
  /// on over the old pair (RFC 8839, section 4.4).
  public var iceRestart: IceCredentials?
  /// There is a new certificate, so DTLS begins anew with new keys. Also new SDES keys.
  public var rekeys = false
  /// Data is offered, and was not, or was not accepted.
  public var offersData = false
  /// Data was accepted, and is off now.
  public var endsData = false
  /// Indices of sections that were not there.
  public var added: [Int] = []
  /// Indices of accepted audio sections that are off now.
  public var endsAudio: [Int] = []
  /// Indices of accepted audio sections in which the other side's direction is another, as when a call is put on hold.
  public var directions: [Int] = []
  /// Indices of accepted audio sections that no longer offer the codec under its payload type.
  public var codecs: [Int] = []
  /// Indices of accepted audio sections in which a header extension has moved or gone.
  public var extensions: [Int] = []

  /// Whether the answer only repeats the one before.
  public var isEmpty: Bool { self == OfferChange() }

  private init() {}

  /// - Parameter session: The answer that is in force.
  /// - Throws: When the sections are not those of the session.
  public init(to session: Answer, by offer: Offer) throws(OfferRefusal) {
    try Self.checkSections(of: offer, after: session)
    added = Array(session.sections.count..<offer.sections.count)
    for (index, section) in session.sections.enumerated() {
      let now = offer.sections[index]
      switch section {
      case .audio(let audio): compare(audio, before: session.offer.sections[index], now)
      case .data: endsData = now.isRejected
      case .idle, .rejected: continue
      }
    }
    offersData = session.data == nil && offer.sections.contains { $0.kind == .data && !$0.isRejected }

    guard let first = session.sections.firstIndex(where: { !$0.isRejected }) else { return }
    let now = offer.sections[first].isRejected ? Self.remaining(session, offer) : first
    guard let now else { return }
    let transport = offer.transport(of: now)
    if transport.credentials != session.transport.remoteCredentials { iceRestart = transport.credentials }
    switch session.transport.keying {
    case .dtls(_, let fingerprints): rekeys = Set(fingerprints) != Set(transport.fingerprints)
    case .sdes(_, let remote): rekeys = !transport.crypto.contains(remote)
    }
  }

  /// An accepted section that is still on.
  private static func remaining(_ session: Answer, _ offer: Offer) -> Int? {
    session.sections.indices.first { !session.sections[$0].isRejected && !offer.sections[$0].isRejected }
  }

  private mutating func compare(_ audio: NegotiatedAudio, before: MediaSection, _ now: MediaSection) {
    if now.isRejected { return endsAudio.append(audio.index) }
    if now.direction != before.direction { directions.append(audio.index) }
    let isOffered = now.codecs.contains {
      $0.payloadType == audio.codec.payloadType && $0.encoding == audio.codec.encoding
    }
    if !isOffered { codecs.append(audio.index) }
    let identifiers = Set(now.extensions.map { [$0.kind.rawValue, String($0.identifier)] })
    let have = Set(audio.extensions.map { [$0.kind.rawValue, String($0.identifier)] })
    if !have.isSubset(of: identifiers) { extensions.append(audio.index) }
  }

  /// Sections never go away or move; one that was rejected may be used for something else (RFC 9429, section 5.2.2).
  static func checkSections(of offer: Offer, after session: Answer) throws(OfferRefusal) {
    guard offer.sections.count >= session.sections.count else {
      throw .sectionsRemoved(now: offer.sections.count, before: session.sections.count)
    }
    for (index, section) in session.sections.enumerated() where !section.isRejected {
      let (now, before) = (offer.sections[index], session.offer.sections[index])
      guard now.kind == before.kind, now.mid == before.mid else { throw .sectionChanged(index: index) }
    }
  }
}
