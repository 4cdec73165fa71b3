import Testing

@testable import Media

@Suite struct OfferRefusalTests {
  private func refusal(_ text: String, sdes: Bool = true) throws -> OfferRefusal {
    let offer = try Offer(text)
    let error = #expect(throws: OfferRefusal.self) {
      try Answer(
        to: offer, policy: AnswerPolicy(tracks: [SDPSamples.agent]),
        local: sdes ? SDPSamples.localWithSDES : SDPSamples.local, sessionID: 1)
    }
    let refusal = try #require(error)
    #expect(refusal.code.hasPrefix("sdp_"))
    #expect(refusal.description.hasSuffix("."))
    return refusal
  }

  @Test("what cannot be answered is refused, with the reason")
  func refusals() throws {
    let chromium = try SDPSamples.text("chromium-156")
    let sdes = try SDPSamples.text("sip-gateway-sdes").crlf
    #expect(try refusal("v=0\no=- 1 1 IN IP4 127.0.0.1\n") == .noAudio)
    #expect(try refusal(chromium.replacing("m=audio", with: "m=text")) == .noAudio)
    #expect(try refusal(chromium.replacing(#/m=audio \d+/#, with: "m=audio 0")) == .audioIsOff)
    #expect(try refusal(SDPSamples.text("sip-gateway-plain")) == .unprotected(proto: "RTP/AVP"))
    #expect(try refusal(chromium.replacing("TLS/RTP", with: "XYZ/RTP")) == .unprotected(proto: "UDP/XYZ/RTP/SAVPF"))
    #expect(try refusal(chromium.without("a=fingerprint")) == .noKeys)
    #expect(try refusal(sdes.without("a=crypto")) == .noKeys)
    #expect(try refusal(sdes, sdes: false) == .sdesNotAccepted)
    #expect(
      try refusal(sdes.without("a=crypto:3", "a=crypto:4"))
        == .noCommonSuite(offered: ["AEAD_AES_256_GCM_8", "AES_CM_128_HMAC_SHA1_32"]))
    #expect(try refusal(chromium.without("a=ice-ufrag", "a=ice-pwd")) == .noICE)
    #expect(try refusal(chromium.replacing("t=0 0", with: "t=0 0\r\na=ice-lite")) == .bothICELite)
    #expect(try refusal(chromium.replacing("actpass", with: "holdconn")) == .onHold)
    #expect(try refusal(chromium.without("a=rtcp-mux")) == .noRTCPMux)
    #expect(try refusal(sdes.without("a=rtcp-mux")) == .noRTCPMux)
    let video = "m=audio 9 UDP/TLS/RTP/SAVPF 9\r\n"
    #expect(
      try refusal(chromium.replacing(#/m=audio .*\r\n/#, with: video)) == .noCommonCodec(offered: ["G722"]))
  }

  @Test("the reason is that of the first audio section, and another that will do is taken")
  func severalSections() throws {
    var builder = OfferBuilder(local: SDPSamples.local, sessionID: 1)
    builder.listeningSections = 1
    let text = builder.text
    let first = try #require(text.firstRange(of: "a=rtcp-mux\r\n"))
    let oneWithout = text.replacingCharacters(in: first, with: "")
    let answer = try SDPSamples.answer(Offer(oneWithout))
    #expect(answer.sections[0] == .rejected(.refused(.noRTCPMux)))
    #expect(answer.audio.map(\.mid) == ["1"])
    #expect(try refusal(text.without("a=rtcp-mux")) == .noRTCPMux)
  }

  @Test("a long list of codecs is not repeated at length")
  func shortened() {
    let text = OfferRefusal.noCommonCodec(offered: Array(repeating: String(repeating: "x", count: 500), count: 100))
      .description
    #expect(text.count < 600)
    #expect(text.contains("…"))
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
    var copy = self
    copy.replaceSubrange(range, with: text)
    return copy
  }
}
