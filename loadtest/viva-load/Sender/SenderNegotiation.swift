import Media
import Runtime

/// What a sender answers to an offer, and the peer that follows from it: one section of Opus, on 127.0.0.1.
struct SenderNegotiation {
  let answer: Answer
  let configuration: PeerConfiguration

  /// - Parameter port: of the socket that the answer names.
  init(_ offer: String, port: UInt16, canonicalName: String) throws {
    var generator = SystemRandomNumberGenerator()
    let now = WallClock.now.unixNanoseconds / 1_000_000_000
    let identity = try DTLSIdentity.generate(notBefore: now - 60, notAfter: now + 86_400)
    let local = LocalTransport(
      credentials: IceCredentials(routingTag: generator.next(), using: &generator),
      fingerprint: identity.fingerprint,
      candidates: Candidate.hosts(at: [TransportAddress(ipv4: 0x7F00_0001, port: port)], port: port))
    var policy = AnswerPolicy(tracks: [MediaTrack(stream: "viva", track: "tone")].compactMap { $0 })
    policy.encodings = [.opus]
    policy.acceptsData = false
    answer = try Answer(to: Offer(offer), policy: policy, local: local, sessionID: generator.next())
    guard
      let configuration = PeerConfiguration(
        answer: answer, identity: identity, ssrc: generator.next(), canonicalName: canonicalName, wallClock: .now)
    else { throw OfferRefused() }
    self.configuration = configuration
  }

  struct OfferRefused: Error {}
}
