import Testing

@testable import Media

@Suite struct AnswerTests {
  @Test("the whole answer to Chromium")
  func chromium() throws {
    let answer = try SDPSamples.answer("chromium-156")
    #expect(
      answer.text
        == """
        v=0
        o=- 4711 1 IN IP4 203.0.113.5
        s=-
        t=0 0
        a=ice-lite
        a=group:BUNDLE 0 1
        a=msid-semantic: WMS *
        m=audio 3478 UDP/TLS/RTP/SAVPF 111 110
        c=IN IP4 203.0.113.5
        a=mid:0
        a=ice-ufrag:viva
        a=ice-pwd:0123456789abcdefghijkl
        a=ice-options:trickle
        a=fingerprint:\(SDPSamples.fingerprint)
        a=setup:passive
        a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
        a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
        a=sendrecv
        a=msid:viva agent
        a=rtcp-mux
        a=rtcp-rsize
        a=rtpmap:111 opus/48000/2
        a=fmtp:111 minptime=10;useinbandfec=1
        a=rtpmap:110 telephone-event/48000
        \(SDPSamples.candidateLines)
        a=end-of-candidates
        m=application 3478 UDP/DTLS/SCTP webrtc-datachannel
        c=IN IP4 203.0.113.5
        a=mid:1
        a=ice-ufrag:viva
        a=ice-pwd:0123456789abcdefghijkl
        a=ice-options:trickle
        a=fingerprint:\(SDPSamples.fingerprint)
        a=setup:passive
        a=sctp-port:5000
        a=max-message-size:262144

        """.crlf)
    let audio = try #require(answer.voice)
    #expect(audio.codec.payloadType == 111)
    #expect(audio.telephoneEvent?.payloadType == 110)
    #expect(audio.identifier(of: .audioLevel) == 1)
    #expect(audio.identifier(of: .mid) == 4)
    #expect(audio.reducedSizeRTCP)
    #expect(!audio.nack)
    #expect(audio.remoteOpus.useInbandFEC)
    #expect(audio.remoteSources.count == 1)
    #expect(audio.track == SDPSamples.agent)
    #expect(answer.data?.remoteMaximumMessageSize == 262_144)
    #expect(answer.transport.role == .server)
    #expect(answer.transport.remoteCredentials == answer.offer.sections[0].transport.credentials)
    #expect(answer.transport.candidates.count == 4)
  }

  @Test("a first section that is not served stays in the bundle: its transport is the bundle's")
  func videoFirst() throws {
    let answer = try SDPSamples.answer("firefox-153-video-first")
    #expect(
      answer.text
        == """
        v=0
        o=- 4711 1 IN IP4 203.0.113.5
        s=-
        t=0 0
        a=ice-lite
        a=group:BUNDLE 0 1 2
        a=msid-semantic: WMS *
        m=video 3478 UDP/TLS/RTP/SAVPF 120
        c=IN IP4 203.0.113.5
        a=mid:0
        a=ice-ufrag:viva
        a=ice-pwd:0123456789abcdefghijkl
        a=ice-options:trickle
        a=fingerprint:\(SDPSamples.fingerprint)
        a=setup:passive
        a=inactive
        a=rtcp-mux
        a=rtpmap:120 VP8/90000
        a=fmtp:120 max-fs=12288;max-fr=60
        \(SDPSamples.candidateLines)
        a=end-of-candidates
        m=audio 3478 UDP/TLS/RTP/SAVPF 109 101
        c=IN IP4 203.0.113.5
        a=mid:1
        a=ice-ufrag:viva
        a=ice-pwd:0123456789abcdefghijkl
        a=ice-options:trickle
        a=fingerprint:\(SDPSamples.fingerprint)
        a=setup:passive
        a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
        a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid
        a=sendrecv
        a=msid:viva agent
        a=rtcp-mux
        a=rtpmap:109 opus/48000/2
        a=fmtp:109 minptime=10;useinbandfec=1
        a=rtpmap:101 telephone-event/8000
        a=fmtp:101 0-15
        m=application 3478 UDP/DTLS/SCTP webrtc-datachannel
        c=IN IP4 203.0.113.5
        a=mid:2
        a=ice-ufrag:viva
        a=ice-pwd:0123456789abcdefghijkl
        a=ice-options:trickle
        a=fingerprint:\(SDPSamples.fingerprint)
        a=setup:passive
        a=sctp-port:5000
        a=max-message-size:262144

        """.crlf)
    #expect(answer.sections[0] == .idle(.notServed(media: "video")))
  }

  @Test("the whole answer to OBS: video is rejected, nothing is sent to who only sends")
  func obs() throws {
    let answer = try SDPSamples.answer("obs-31-whip")
    #expect(
      answer.text
        == """
        v=0
        o=- 4711 1 IN IP4 203.0.113.5
        s=-
        t=0 0
        a=ice-lite
        a=group:BUNDLE 0
        a=msid-semantic: WMS *
        m=audio 3478 UDP/TLS/RTP/SAVPF 111
        c=IN IP4 203.0.113.5
        a=mid:0
        a=ice-ufrag:viva
        a=ice-pwd:0123456789abcdefghijkl
        a=ice-options:trickle
        a=fingerprint:\(SDPSamples.fingerprint)
        a=setup:passive
        a=recvonly
        a=rtcp-mux
        a=rtpmap:111 opus/48000/2
        a=fmtp:111 minptime=10;useinbandfec=1
        \(SDPSamples.candidateLines)
        a=end-of-candidates
        m=video 0 UDP/TLS/RTP/SAVPF 96
        c=IN IP4 0.0.0.0
        a=mid:1
        a=ice-ufrag:viva
        a=ice-pwd:0123456789abcdefghijkl
        a=ice-options:trickle
        a=fingerprint:\(SDPSamples.fingerprint)
        a=setup:passive
        a=inactive

        """.crlf)
    #expect(answer.sections[1] == .rejected(.notServed(media: "video")))
    #expect(answer.audio[0].remoteOpus.maximumAverageBitrate == 96_000)
  }

  @Test("the whole answer to a SIP gateway with SDES: no ICE, and the best suite that both have")
  func sdes() throws {
    let answer = try SDPSamples.answer("sip-gateway-sdes")
    #expect(
      answer.text
        == """
        v=0
        o=- 4711 1 IN IP4 203.0.113.5
        s=-
        t=0 0
        a=msid-semantic: WMS *
        m=audio 3478 RTP/SAVP 102 103
        c=IN IP4 203.0.113.5
        a=crypto:4 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw==
        a=sendrecv
        a=msid:viva agent
        a=rtcp-mux
        a=rtpmap:102 opus/48000/2
        a=fmtp:102 minptime=10;useinbandfec=1
        a=rtpmap:103 telephone-event/48000
        a=fmtp:103 0-15

        """.crlf)
    guard case .sdes(let local, let remote) = answer.transport.keying else {
      Issue.record("not keyed by SDES")
      return
    }
    #expect(remote.tag == 4)
    #expect(SRTPKeyingMaterial(local: local.key, remote: remote.key) != nil)
    #expect(answer.transport.remoteCredentials == nil)
    #expect(answer.transport.remoteAddress == TransportAddress(host: "198.51.100.7", port: 16532))
    #expect(answer.transport.role == nil)
    #expect(answer.audio[0].packetTime == 20)
  }

  @Test("a gateway that begins DTLS, with IPv6, G.711 and SHA-1")
  func dtlsGateway() throws {
    var local = SDPSamples.local
    local.candidates = Candidate.hosts(at: [TransportAddress(host: "2001:db8::5", port: 0)!], port: 3479)
    let answer = try Answer(
      to: SDPSamples.offer("sip-gateway-dtls"), policy: AnswerPolicy(tracks: [SDPSamples.agent]), local: local,
      sessionID: .max)
    #expect(
      answer.text.without("a=ice", "a=fingerprint", "a=candidate", "a=end", "a=msid")
        == """
        v=0
        o=- 9223372036854775807 1 IN IP6 2001:db8::5
        s=-
        t=0 0
        m=audio 3479 RTP/SAVPF 0 101
        c=IN IP6 2001:db8::5
        a=setup:passive
        a=sendrecv
        a=rtcp-mux
        a=rtpmap:0 PCMU/8000
        a=rtpmap:101 telephone-event/8000
        a=fmtp:101 0-15

        """.crlf)
    #expect(answer.transport.role == .server)
  }

  @Test(
    "there is an answer to each recorded offer: it reads well, and never has an a=ssrc line",
    arguments: SDPSamples.answerable)
  func all(_ name: String) throws {
    let answer = try SDPSamples.answer(name)
    #expect(!answer.text.contains("a=ssrc"))
    let read = try Offer(answer.text)
    #expect(read.sections.count == answer.offer.sections.count)
    #expect(read.sections.map(\.mid) == answer.offer.sections.map(\.mid))
    #expect(read.sections.map(\.kind.media) == answer.offer.sections.map(\.kind.media))
    #expect(read.bundles == (answer.bundle.isEmpty ? [] : [answer.bundle]))
    #expect(read.isICELite == (answer.transport.remoteCredentials != nil))
    for audio in answer.audio {
      let (offered, answered) = (answer.offer.sections[audio.index], read.sections[audio.index])
      #expect(offered.formats.contains(String(audio.codec.payloadType)))
      #expect(answered.codecs.map(\.payloadType).allSatisfy { offered.formats.contains(String($0)) })
      #expect(Set(answered.extensions).isSubset(of: offered.extensions))
      #expect(!answered.direction.sends || offered.direction.receives)
      #expect(!answered.direction.receives || offered.direction.sends)
      #expect(answered.transport.candidates.count == (answer.isTagged(audio.index) && read.isICELite ? 2 : 0))
    }
  }

  // MARK: - DTLS roles

  @Test(
    "the role is the server's unless asked otherwise, and always the one that the offer leaves",
    arguments: [
      ("actpass", DTLSRole.server, "passive"), ("actpass", .client, "active"), ("active", .client, "passive"),
      ("active", .server, "passive"), ("passive", .server, "active"), ("passive", .client, "active"),
    ])
  func roles(_ setup: String, _ preferred: DTLSRole, _ answered: String) throws {
    let text = try SDPSamples.text("chromium-156").replacing("a=setup:actpass", with: "a=setup:\(setup)")
    let answer = try SDPSamples.answer(Offer(text)) { $0.role = preferred }
    #expect(answer.text.contains("a=setup:\(answered)\r\n"))
    #expect(answer.transport.role == (answered == "active" ? .client : .server))
  }

  // MARK: - Directions

  @Test(
    "directions follow the offer and what the participant may do",
    arguments: [
      ("sendrecv", true, true, "sendrecv"), ("sendonly", true, true, "recvonly"), ("recvonly", true, true, "sendonly"),
      ("inactive", true, true, "inactive"), ("sendrecv", false, true, "sendonly"),
      ("sendrecv", true, false, "recvonly"), ("sendonly", false, true, "inactive"),
      ("recvonly", true, false, "inactive"), ("sendrecv", false, false, "inactive"),
    ])
  func directions(_ offered: String, _ maySpeak: Bool, _ mayListen: Bool, _ answered: String) throws {
    let text = try SDPSamples.text("chromium-156").replacing("a=sendrecv", with: "a=\(offered)")
    let answer = try SDPSamples.answer(Offer(text)) { ($0.maySpeak, $0.mayListen) = (maySpeak, mayListen) }
    #expect(answer.text.contains("a=\(answered)\r\n"))
    #expect(answer.text.contains("a=msid:viva agent") == (answered == "sendrecv" || answered == "sendonly"))
    #expect((answer.voice != nil) == (answered == "sendrecv" || answered == "recvonly"))
  }

  @Test("one section to speak and others to listen: each has its use, and one for which there is no track has none")
  func severalAudioSections() throws {
    var builder = OfferBuilder(local: SDPSamples.local, sessionID: 1)
    builder.direction = .sendonly
    builder.listeningSections = 3
    let answer = try SDPSamples.answer(Offer(builder.text)) { $0.tracks = [SDPSamples.agent, SDPSamples.human] }
    #expect(answer.audio.map(\.direction) == [.recvonly, .sendonly, .sendonly])
    #expect(answer.audio.map(\.track) == [nil, SDPSamples.agent, SDPSamples.human])
    #expect(answer.sections[3] == .rejected(.notNeeded))
    #expect(answer.bundle == ["0", "1", "2", "4"])
    #expect(answer.voice?.index == 0)
    #expect(answer.data?.index == 4)
  }

  @Test("of several sections that could do all, one does it")
  func oneOfSeveral() throws {
    var builder = OfferBuilder(local: SDPSamples.local, sessionID: 1)
    builder.direction = .recvonly
    builder.listeningSections = 1
    let text = builder.text.replacing("a=mid:1\r\n", with: "a=mid:1\r\na=sendrecv\r\n")
    let answer = try SDPSamples.answer(Offer(text))
    #expect(answer.sections[0] == .idle(.notNeeded))
    #expect(answer.audio.map(\.direction) == [.sendrecv])
    #expect(answer.audio[0].mid == "1")
  }

  @Test("an extension that one side only receives, the other only sends")
  func extensionDirections() throws {
    let text = try SDPSamples.text("chromium-156").replacing(
      "a=extmap:1 urn:ietf", with: "a=extmap:1/recvonly urn:ietf")
    #expect(try SDPSamples.answer(Offer(text)).text.contains("a=extmap:1/sendonly urn:ietf:params:rtp-hdrext:ssrc-a"))
  }

  // MARK: - Codecs

  @Test("G.711 is taken where there is no Opus, or where it is preferred")
  func fallback() throws {
    let text = try SDPSamples.text("chromium-156")
    let offer = try Offer(text.replacing("opus/48000/2", with: "nothing/48000/2"))
    let answer = try SDPSamples.answer(offer)
    #expect(answer.audio[0].codec.encoding == .pcmu)
    #expect(answer.audio[0].telephoneEvent?.payloadType == 126)
    #expect(answer.text.contains("m=audio 3478 UDP/TLS/RTP/SAVPF 0 126\r\n"))
    #expect(!answer.text.contains("useinbandfec"))
    #expect(try SDPSamples.answer("chromium-156") { $0.encodings = [.pcma, .opus] }.audio[0].codec.encoding == .pcma)
  }

  @Test("a payload type that would look like RTCP is passed over")
  func payloadTypeOfRTCP() throws {
    let text = try SDPSamples.text("chromium-156").replacing("111", with: "72")
    #expect(try SDPSamples.answer(Offer(text)).audio[0].codec.encoding == .pcmu)
  }

  @Test("our fmtp is as configured, and NACK is only for who offers it")
  func ourParameters() throws {
    let text = try SDPSamples.text("chromium-156").replacing("a=rtcp-fb:111 transport-cc", with: "a=rtcp-fb:111 nack")
    let answer = try SDPSamples.answer(Offer(text)) {
      $0.opus.useDTX = true
      $0.opus.maximumPlaybackRate = 16_000
      $0.maximumMessageSize = 65_536
      $0.extensions = [.audioLevel]
    }
    #expect(answer.text.contains("a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1;maxplaybackrate=16000\r\n"))
    #expect(answer.text.contains("a=rtcp-fb:111 nack\r\n"))
    #expect(answer.audio[0].nack)
    #expect(answer.text.contains("a=max-message-size:65536\r\n"))
    #expect(!answer.text.contains("sdes:mid"))
  }

  // MARK: - What is not taken

  @Test("without a bundle there is audio alone")
  func noBundle() throws {
    let text = try SDPSamples.text("chromium-156").without("a=group")
    let answer = try SDPSamples.answer(Offer(text))
    #expect(answer.sections[1] == .rejected(.notBundled))
    #expect(answer.bundle.isEmpty)
    #expect(answer.data == nil)
    #expect(!answer.text.contains("a=group"))
  }

  @Test("data that is not accepted, or is there twice, is rejected")
  func data() throws {
    let answer = try SDPSamples.answer("chromium-156") { $0.acceptsData = false }
    #expect(answer.sections[1] == .rejected(.dataNotAccepted))
    #expect(answer.text.contains("m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"))
    #expect(answer.bundle == ["0"])

    let text = try SDPSamples.text("chromium-156")
    let data = text[try #require(text.firstRange(of: "m=application")).lowerBound...]
    let twice = (text + data.replacing("a=mid:1", with: "a=mid:2")).replacing("BUNDLE 0 1", with: "BUNDLE 0 1 2")
    #expect(try SDPSamples.answer(Offer(twice)).sections[2] == .rejected(.dataNotAccepted))
  }

  @Test("data alone is taken where that is allowed")
  func dataAlone() throws {
    var builder = OfferBuilder(local: SDPSamples.local, sessionID: 1)
    builder.direction = .inactive
    let text = builder.text.replacing("m=audio", with: "m=text").replacing("BUNDLE 0 1", with: "BUNDLE 1 0")
    let answer = try SDPSamples.answer(Offer(text)) { $0.requiresAudio = false }
    #expect(answer.audio.isEmpty)
    #expect(answer.data?.index == 1)
    #expect(answer.bundle == ["1"])
    #expect(!answer.text.contains("msid-semantic"))
  }

  @Test("each rejection has its reason in words")
  func reasons() {
    let reasons: [SectionRejection] = [
      .off, .notServed(media: "video"), .notBundled, .notNeeded, .dataNotAccepted, .refused(.noICE),
    ]
    #expect(Set(reasons.map(\.description)).count == reasons.count)
  }
}
