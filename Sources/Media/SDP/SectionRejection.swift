/// Why one section of an offer is answered with port 0, while others are accepted.
public enum SectionRejection: Sendable, Hashable {
  /// It was off in the offer.
  case off
  /// Video, or another medium or protocol that is not served.
  case notServed(media: String)
  /// It would need a transport of its own: the offer does not bundle it with the audio.
  case notBundled
  /// Audio that is neither the participant's voice nor needed for one of our tracks.
  case notNeeded
  /// A second data section, or data where it is not accepted.
  case dataNotAccepted
  /// It would not do alone either.
  case refused(OfferRefusal)
}

extension SectionRejection: CustomStringConvertible {
  public var description: String {
    switch self {
    case .off: "it is off in the offer"
    case .notServed(let media): "\(media.prefix(40)) is not served"
    case .notBundled: "it is not bundled with the audio (a=group:BUNDLE, bundlePolicy \"max-bundle\")"
    case .notNeeded: "there is nothing to send or hear in it"
    case .dataNotAccepted: "there is no data channel, or there is one already"
    case .refused(let refusal): refusal.description
    }
  }
}
