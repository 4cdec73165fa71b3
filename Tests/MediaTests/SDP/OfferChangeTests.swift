import Testing

@testable import Media

@Suite struct OfferChangeTests {
  private let policy = AnswerPolicy(tracks: [SDPSamples.agent])

  @Test("a session of Chromium: data is added, ICE restarts, the call is put on hold, video is added")
  func session() throws {
    var answer = try SDPSamples.answer("chromium-156-session-1-audio")
    #expect(answer.version == 1)

    var offer = try SDPSamples.offer("chromium-156-session-2-data-added")
    var change = try OfferChange(to: answer, by: offer)
    #expect(change.offersData)
    #expect(change.added == [1])
    #expect(change.iceRestart == nil)
    #expect(!change.rekeys)
    answer = try answer.next(to: offer, policy: policy, local: answer.local)
    #expect(answer.data?.mid == "1")

    offer = try SDPSamples.offer("chromium-156-session-3-ice-restart")
    change = try OfferChange(to: answer, by: offer)
    #expect(change.iceRestart == offer.sections[0].transport.credentials)
    #expect(!change.rekeys)
    #expect(!change.offersData)
    #expect(change.directions.isEmpty)
    answer = try answer.next(to: offer, policy: policy, local: answer.local)

    offer = try SDPSamples.offer("chromium-156-session-4-hold")
    change = try OfferChange(to: answer, by: offer)
    #expect(change.iceRestart == nil)
    #expect(change.directions == [0])
    answer = try answer.next(to: offer, policy: policy, local: answer.local)
    #expect(answer.audio[0].direction == .inactive)
    #expect(answer.audio[0].track == SDPSamples.agent)

    offer = try SDPSamples.offer("chromium-156-session-5-video-added")
    change = try OfferChange(to: answer, by: offer)
    #expect(change.directions == [0])
    #expect(change.added == [2])
    answer = try answer.next(to: offer, policy: policy, local: answer.local)
    #expect(answer.audio[0].direction == .sendrecv)
    #expect(answer.sections[2] == .rejected(.notServed(media: "video")))

    #expect(answer.version == 5)
    #expect(answer.text.hasPrefix("v=0\r\no=- 4711 5 IN IP4 203.0.113.5\r\n"))
    #expect(answer.transport.role == .server)
    #expect(try OfferChange(to: answer, by: offer).isEmpty)
  }

  @Test("the DTLS role stays while the certificates do, whatever is preferred now")
  func role() throws {
    let text = try SDPSamples.text("chromium-156")
    let answer = try SDPSamples.answer(Offer(text))
    var other = policy
    other.role = .client
    #expect(try answer.next(to: Offer(text), policy: other, local: answer.local).transport.role == .server)

    let passive = try Offer(text.replacing("actpass", with: "passive"))
    #expect(throws: OfferRefusal.rolesChanged) {
      try answer.next(to: passive, policy: policy, local: answer.local)
    }
    let renewed = try Offer(
      text.replacing("actpass", with: "passive").replacing("sha-256 ", with: "sha-256 00:").replacing(
        #/(:..)(\r\na=setup)/#
      ) { "\($0.2)" })
    #expect(try OfferChange(to: answer, by: renewed).rekeys)
    #expect(try answer.next(to: renewed, policy: policy, local: answer.local).transport.role == .client)
  }

  @Test("sections cannot go, move or change, but one that was rejected can be used anew")
  func sections() throws {
    let text = try SDPSamples.text("chromium-156")
    let answer = try SDPSamples.answer(Offer(text))
    func refusal(_ text: String, _ session: Answer) throws -> OfferRefusal? {
      let offer = try Offer(text)
      let refusal = #expect(throws: OfferRefusal.self) { try OfferChange(to: session, by: offer) }
      #expect(throws: try #require(refusal)) { try session.next(to: offer, policy: policy, local: session.local) }
      return refusal
    }
    let audioAlone = String(text[..<(try #require(text.firstRange(of: "m=application")).lowerBound)])
    #expect(try refusal(audioAlone, answer) == .sectionsRemoved(now: 1, before: 2))
    #expect(try refusal(text.replacing("a=mid:1", with: "a=mid:9"), answer) == .sectionChanged(index: 1))
    #expect(try refusal(text.replacing("m=audio", with: "m=video"), answer) == .sectionChanged(index: 0))

    let withoutData = try SDPSamples.answer(Offer(text)) { $0.acceptsData = false }
    let reused = try Offer(text.replacing("a=mid:1", with: "a=mid:9").replacing("BUNDLE 0 1", with: "BUNDLE 0 9"))
    #expect(try OfferChange(to: withoutData, by: reused).offersData)
    #expect(try withoutData.next(to: reused, policy: policy, local: answer.local).data?.mid == "9")
  }

  @Test("what ends is told: audio, and data")
  func endings() throws {
    let text = try SDPSamples.text("chromium-156")
    let answer = try SDPSamples.answer(Offer(text))
    let silent = try Offer(text.replacing(#/m=audio \d+/#, with: "m=audio 0").replacing("BUNDLE 0 1", with: "BUNDLE 1"))
    var change = try OfferChange(to: answer, by: silent)
    #expect(change.endsAudio == [0])
    #expect(change.iceRestart == nil)
    let next = try answer.next(to: silent, policy: policy, local: answer.local)
    #expect(next.audio.isEmpty)
    #expect(next.data != nil)
    #expect(next.text.contains("a=candidate"))

    let alone = try Offer(
      text.replacing(#/m=application \d+/#, with: "m=application 0").replacing("BUNDLE 0 1", with: "BUNDLE 0"))
    change = try OfferChange(to: answer, by: alone)
    #expect(change.endsData)
    #expect(try answer.next(to: alone, policy: policy, local: answer.local).data == nil)

    let over = try Offer(text.replacing(#/m=(audio|application) \d+/#) { "m=\($0.1) 0" })
    #expect(try OfferChange(to: answer, by: over).endsAudio == [0])
    #expect(throws: OfferRefusal.audioIsOff) { try answer.next(to: over, policy: policy, local: answer.local) }
  }

  @Test("codecs and extensions that moved are told")
  func codecs() throws {
    let text = try SDPSamples.text("chromium-156")
    let answer = try SDPSamples.answer(Offer(text))
    let moved = try Offer(
      text.replacing("111", with: "112").replacing("extmap:1 ", with: "extmap:7 "))
    let change = try OfferChange(to: answer, by: moved)
    #expect(change.codecs == [0])
    #expect(change.extensions == [0])
    #expect(try answer.next(to: moved, policy: policy, local: answer.local).audio[0].codec.payloadType == 112)
  }

  @Test("SDES keys stay until the gateway sends new ones")
  func sdes() throws {
    let answer = try SDPSamples.answer("sip-gateway-sdes")
    let offer = try SDPSamples.offer("sip-gateway-sdes")
    #expect(try OfferChange(to: answer, by: offer).isEmpty)
    var local = SDPSamples.local
    var generator = SeededGenerator(seed: 1)
    local.sdesKeys = SRTPProfile.allCases.map { SRTPMasterKey(profile: $0, using: &generator) }
    #expect(try answer.next(to: offer, policy: policy, local: local).transport.keying == answer.transport.keying)

    let renewed = try Offer(SDPSamples.text("sip-gateway-sdes").crlf.without("a=crypto:4"))
    #expect(try OfferChange(to: answer, by: renewed).rekeys)
    #expect(try answer.next(to: renewed, policy: policy, local: local).transport.keying != answer.transport.keying)
  }
}
