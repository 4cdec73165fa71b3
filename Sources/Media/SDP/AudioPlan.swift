/// Decides what each audio section of an offer is for: the participant's voice, one of our tracks, both, or nothing.
struct AudioPlan {
  private let offer: Offer
  private let policy: AnswerPolicy
  private let problems: [Int: OfferRefusal]
  /// The section that has the call's audio; nil when there is none that can be taken.
  let primary: Int?
  /// The section in which the participant speaks.
  private let voice: Int?
  private var tracks: [Int: MediaTrack] = [:]

  init(_ offer: Offer, policy: AnswerPolicy, local: LocalTransport, previous: Answer?) {
    self.offer = offer
    self.policy = policy
    let negotiator = TransportNegotiator(offer, local: local, role: policy.role, previous: previous)
    var problems: [Int: OfferRefusal] = [:]
    var usable: [Int] = []
    for (index, section) in offer.sections.enumerated() where section.kind == .audio && !section.isRejected {
      do throws(OfferRefusal) {
        _ = try negotiator.transport(of: index)
        guard negotiator.hasRTCPMux(index) else { throw .noRTCPMux }
        guard section.codec(policy.encodings) != nil else {
          throw .noCommonCodec(offered: section.codecs.map(\.name))
        }
        usable.append(index)
      } catch {
        problems[index] = error
      }
    }
    self.problems = problems

    // One section for both ways is what nearly all have; some have one to speak and one to listen.
    let sections = offer.sections
    let before = previous?.audio.first { usable.contains($0.index) }?.index
    primary = before ?? usable.first { sections[$0].direction == .sendrecv } ?? usable.first
    guard let primary else {
      voice = nil
      return
    }
    let group = offer.bundle(of: primary)
    let mates = usable.filter { $0 != primary && sections[$0].mid.map { group?.contains($0) == true } ?? false }
    let ordered = [primary] + mates
    voice = ordered.first { sections[$0].direction.sends } ?? primary

    // A track stays where it was.
    for audio in previous?.audio ?? [] where ordered.contains(audio.index) {
      if let track = audio.track, policy.tracks.contains(track) { tracks[audio.index] = track }
    }
    var free = policy.tracks.filter { !tracks.values.contains($0) }[...]
    for index in ordered where tracks[index] == nil && sections[index].direction.receives {
      tracks[index] = free.popFirst()
    }
  }

  func problem(of index: Int) -> OfferRefusal? { problems[index] }

  /// Why no audio can be taken.
  var refusal: OfferRefusal {
    let audio = offer.sections.indices.filter { offer.sections[$0].kind == .audio }
    return audio.lazy.compactMap { problems[$0] }.first ?? (audio.isEmpty ? .noAudio : .audioIsOff)
  }

  /// Nil when there is nothing to send or hear in the section.
  func negotiated(_ index: Int) -> NegotiatedAudio? {
    guard index == primary || index == voice || tracks[index] != nil else { return nil }
    let section = offer.sections[index]
    let direction = MediaDirection(
      sends: section.direction.receives && policy.mayListen && tracks[index] != nil,
      receives: section.direction.sends && policy.maySpeak && index == voice)
    return NegotiatedAudio(
      section, index: index, encodings: policy.encodings, extensions: policy.extensions, direction: direction,
      track: tracks[index])
  }
}
