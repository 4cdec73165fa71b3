/// An answer to an offer of `OfferBuilder`, read.
public struct ReceivedAnswer: Sendable {
  public let transport: NegotiatedTransport
  /// The accepted audio sections, with our directions; the first is the one that may send.
  public let audio: [NegotiatedAudio]
  /// Nil when it was not offered, or not accepted.
  public let data: NegotiatedData?

  public init(_ bytes: [UInt8], to offer: OfferBuilder) throws(ReceivedAnswerError) {
    let answer: Offer
    do {
      answer = try Offer(bytes)
    } catch {
      throw .unreadable(error)
    }
    try self.init(answer, to: offer)
  }

  /// - Parameter answer: Answers are of the same form as offers.
  init(_ answer: Offer, to offer: OfferBuilder) throws(ReceivedAnswerError) {
    let listening = offer.listeningSections
    guard answer.sections.count == 1 + listening + (offer.offersData ? 1 : 0), answer.sections[0].kind == .audio else {
      throw .sectionsDiffer
    }
    guard !answer.sections[0].isRejected else { throw .audioRejected }
    transport = try Self.transport(answer)

    var audio: [NegotiatedAudio] = []
    for (index, section) in answer.sections.enumerated() where section.kind == .audio && !section.isRejected {
      let offered = index == 0 ? offer.direction : .recvonly
      let direction = MediaDirection(
        sends: offered.sends && section.direction.receives, receives: offered.receives && section.direction.sends)
      let negotiated = NegotiatedAudio(
        section, index: index, encodings: section.codecs.map(\.encoding).filter { $0 != .telephoneEvent },
        extensions: HeaderExtension.Kind.allCases, direction: direction, track: index == 0 ? offer.track : nil)
      guard let negotiated, negotiated.codec.encoding != .other else { throw .noCodec }
      audio.append(negotiated)
    }
    self.audio = audio
    let data = answer.sections.last
    self.data =
      data?.kind == .data && data?.isRejected == false
      ? data.map { NegotiatedData($0, index: answer.sections.count - 1) } : nil
  }

  private static func transport(_ answer: Offer) throws(ReceivedAnswerError) -> NegotiatedTransport {
    let remote = answer.transport(of: 0)
    guard remote.credentials != nil else { throw .noICE }
    guard !remote.fingerprints.isEmpty else { throw .noFingerprint }
    let role: DTLSRole
    switch remote.setup {
    case .active: role = .server
    case .passive: role = .client
    case .actpass, .holdconn, nil: throw .noRole
    }
    return NegotiatedTransport(
      keying: .dtls(role: role, fingerprints: remote.fingerprints), remote, section: answer.sections[0],
      isICELite: answer.isICELite)
  }
}

/// Why an answer is of no use.
public enum ReceivedAnswerError: Error, Equatable {
  case unreadable(SDPError)
  /// Not the sections of the offer.
  case sectionsDiffer
  case audioRejected
  case noICE
  case noFingerprint
  /// `a=setup` is neither `active` nor `passive`.
  case noRole
  case noCodec
}
