import Media
import Testing

@Suite struct AnswerSDESTests {
  private func answer(_ offer: Offer, after previous: Answer? = nil) throws -> Answer {
    var local = SDPSamples.local
    var generator = SystemRandomNumberGenerator()
    local.sdesKeys = SRTPProfile.allCases.map { SRTPMasterKey(profile: $0, using: &generator) }
    let policy = AnswerPolicy(tracks: [])
    guard let previous else { return try Answer(to: offer, policy: policy, local: local, sessionID: 1) }
    return try previous.next(to: offer, policy: policy, local: local)
  }

  private let text: String

  init() throws { text = try SDPSamples.text("sip-gateway-sdes").crlf }

  @Test("a gateway has to declare what it sends, each SSRC once and no more than are taken")
  func declares() throws {
    for (sources, isEnough) in [([], false), ([7], true), (Array(1...8), true), (Array(1...9), false)] {
      let answer = try answer(Offer(text + sources.map { "a=ssrc:\($0) cname:x\r\n" }.joined()))
      #expect(answer.declaredSources == sources.map { UInt32($0) })
      if isEnough {
        try answer.checkSDES()
      } else {
        #expect(throws: OfferRefusal.sourcesNotDeclared(limit: 8)) { try answer.checkSDES() }
      }
    }
  }

  @Test("a key is for the SSRCs that it was offered with; with another key others may come")
  func reuse() throws {
    let first = try answer(Offer(text + "a=ssrc:7 cname:x\r\n"))
    let held = try answer(Offer(text + "a=ssrc:7 cname:x\r\na=sendonly\r\n"), after: first)
    try held.checkSDES(after: first)
    let other = try answer(Offer(text + "a=ssrc:8 cname:x\r\n"), after: first)
    #expect(throws: OfferRefusal.keyReused) { try other.checkSDES(after: first) }
    let renewed = try answer(Offer(text.without("a=crypto:4") + "a=ssrc:8 cname:x\r\n"), after: first)
    try renewed.checkSDES(after: first)
    #expect(renewed.transport.keying != first.transport.keying)
  }

  @Test("of several suites AEAD_AES_128_GCM is taken, whatever their order, and of one suite the first line")
  func prefersGCM() throws {
    func line(_ tag: Int, _ profile: SRTPProfile) -> String {
      var generator = SystemRandomNumberGenerator()
      let key = SRTPMasterKey(profile: profile, using: &generator)
      return "a=crypto:" + SDESCrypto(tag: tag, key: key).attribute + "\r\n"
    }
    let bare = text.without("a=crypto") + "a=ssrc:7 cname:x\r\n"
    let (gcm, cm) = (SRTPProfile.aeadAES128GCM, SRTPProfile.aes128CMSHA1_80)
    for (offered, taken) in [([cm, gcm], 2), ([gcm, cm], 1), ([cm, cm, gcm, gcm], 3), ([cm, cm], 1)] {
      let lines = offered.enumerated().map { line($0 + 1, $1) }.joined()
      let answer = try answer(Offer(bare + lines))
      guard case .sdes(let local, let remote) = answer.transport.keying else {
        Issue.record("no SDES")
        continue
      }
      #expect(remote.tag == taken && local.tag == taken)
      #expect(remote.key.profile == offered[taken - 1] && local.key.profile == remote.key.profile)
      #expect(answer.text.contains("a=crypto:\(taken) \(offered[taken - 1].sdesName) inline:"))
    }
  }

  @Test("a key that is in use stays, also when a line of a better suite joins it")
  func keepsTheKey() throws {
    let first = try answer(Offer(text.without("a=crypto:4") + "a=ssrc:7 cname:x\r\n"))
    let second = try answer(Offer(text + "a=ssrc:7 cname:x\r\n"), after: first)
    #expect(second.transport.keying == first.transport.keying)
  }

  @Test("of a fingerprint and keys, DTLS is taken where there is ICE, and SDES where there is none")
  func both() throws {
    let fingerprint = "a=fingerprint:sha-256 " + Array(repeating: "AB", count: 32).joined(separator: ":") + "\r\n"
    let both = text + fingerprint + "a=setup:actpass\r\na=ssrc:7 cname:x\r\n"
    #expect(try answer(Offer(both)).transport.role == nil)
    let ice = "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
    let answer = try answer(Offer(both + ice))
    #expect(answer.transport.role == .server)
    #expect(answer.declaredSources.isEmpty && !answer.text.contains("a=crypto"))
    try answer.checkSDES()
  }
}
