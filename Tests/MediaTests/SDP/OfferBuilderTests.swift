import Testing

@testable import Media

@Suite struct OfferBuilderTests {
  private var builder: OfferBuilder {
    var local = SDPSamples.local
    local.credentials = IceCredentials(ufrag: "bot1", password: "ABCDEFGHIJKLMNOPQRSTUV")!
    local.candidates = Candidate.hosts(at: [TransportAddress(host: "127.0.0.1", port: 0)!], port: 50_000)
    var builder = OfferBuilder(local: local, sessionID: 99)
    builder.track = MediaTrack(stream: "bot", track: "voice")
    return builder
  }

  @Test("the whole offer")
  func text() {
    #expect(
      builder.text
        == """
        v=0
        o=- 99 1 IN IP4 127.0.0.1
        s=-
        t=0 0
        a=group:BUNDLE 0 1
        a=msid-semantic: WMS *
        m=audio 50000 UDP/TLS/RTP/SAVPF 111 0 8 110 126
        c=IN IP4 127.0.0.1
        a=mid:0
        a=ice-ufrag:bot1
        a=ice-pwd:ABCDEFGHIJKLMNOPQRSTUV
        a=ice-options:trickle
        a=fingerprint:\(SDPSamples.fingerprint)
        a=setup:actpass
        a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
        a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
        a=sendrecv
        a=msid:bot voice
        a=rtcp-mux
        a=rtcp-rsize
        a=rtpmap:111 opus/48000/2
        a=rtcp-fb:111 nack
        a=fmtp:111 minptime=10;useinbandfec=1
        a=rtpmap:0 PCMU/8000
        a=rtcp-fb:0 nack
        a=rtpmap:8 PCMA/8000
        a=rtcp-fb:8 nack
        a=rtpmap:110 telephone-event/48000
        a=fmtp:110 0-15
        a=rtpmap:126 telephone-event/8000
        a=fmtp:126 0-15
        a=\(builder.local.candidates[0])
        a=end-of-candidates
        m=application 50000 UDP/DTLS/SCTP webrtc-datachannel
        c=IN IP4 127.0.0.1
        a=mid:1
        a=ice-ufrag:bot1
        a=ice-pwd:ABCDEFGHIJKLMNOPQRSTUV
        a=ice-options:trickle
        a=fingerprint:\(SDPSamples.fingerprint)
        a=setup:actpass
        a=sctp-port:5000
        a=max-message-size:262144

        """.crlf)
  }

  @Test("both sides settle on the same, whichever the DTLS role", arguments: [DTLSRole.server, .client])
  func agreement(_ role: DTLSRole) throws {
    let builder = builder
    let answer = try SDPSamples.answer(Offer(builder.text)) { $0.role = role }
    let received = try ReceivedAnswer(Array(answer.text.utf8), to: builder)
    #expect(answer.transport.role == role)
    #expect(received.transport.role == (role == .server ? .client : .server))
    #expect(received.transport.remoteCredentials == SDPSamples.local.credentials)
    #expect(received.transport.remoteIsICELite)
    #expect(received.transport.candidates.count == 2)
    #expect(answer.transport.remoteCredentials == builder.local.credentials)
    let (ours, theirs) = (try #require(received.audio.first), try #require(answer.audio.first))
    #expect(ours.codec.payloadType == theirs.codec.payloadType)
    #expect(ours.telephoneEvent?.payloadType == theirs.telephoneEvent?.payloadType)
    #expect(ours.extensions == theirs.extensions)
    #expect(ours.direction == .sendrecv)
    #expect(ours.remoteTrack == SDPSamples.agent)
    #expect(ours.track == builder.track)
    #expect(ours.remoteOpus.useInbandFEC)
    #expect(received.data?.remoteMaximumMessageSize == 262_144)
  }

  @Test("a listener in a room has a section for each voice")
  func listener() throws {
    var builder = builder
    builder.direction = .recvonly
    builder.listeningSections = 1
    builder.offersData = false
    let answer = try SDPSamples.answer(Offer(builder.text)) { $0.tracks = [SDPSamples.agent, SDPSamples.human] }
    let received = try ReceivedAnswer(Array(answer.text.utf8), to: builder)
    #expect(received.audio.map(\.direction) == [.recvonly, .recvonly])
    #expect(received.audio.map(\.remoteTrack) == [SDPSamples.agent, SDPSamples.human])
    #expect(received.data == nil)
  }

  @Test("the shape of OpenAI's answer is read: the server is active, and keeps G.711")
  func openAI() throws {
    var builder = builder
    builder.track = nil
    let text = """
      v=0
      o=- 3829502 1700000000 IN IP4 0.0.0.0
      s=-
      t=0 0
      a=group:BUNDLE 0 1
      a=ice-lite
      m=audio 9 UDP/TLS/RTP/SAVPF 111 0 8
      c=IN IP4 0.0.0.0
      a=setup:active
      a=mid:0
      a=ice-ufrag:abcdefgh
      a=ice-pwd:0123456789012345678901234
      a=fingerprint:\(SDPSamples.fingerprint)
      a=rtcp-mux
      a=rtpmap:111 opus/48000/2
      a=rtpmap:0 PCMU/8000
      a=rtpmap:8 PCMA/8000
      a=candidate:1 1 udp 2130706431 192.0.2.10 3478 typ host
      a=candidate:2 1 tcp 1671430143 192.0.2.10 443 typ host tcptype passive
      m=application 9 UDP/DTLS/SCTP webrtc-datachannel
      c=IN IP4 0.0.0.0
      a=mid:1
      a=sctp-port:5000

      """
    let received = try ReceivedAnswer(Array(text.utf8), to: builder)
    #expect(received.transport.role == .server)
    #expect(received.audio[0].codec.encoding == .opus)
    #expect(received.transport.candidates.count == 2)
    #expect(received.data?.remoteMaximumMessageSize == 65_536)
  }

  @Test("answers that are of no use")
  func useless() throws {
    let builder = builder
    let good = try SDPSamples.answer(Offer(builder.text)).text
    func failure(_ text: String) -> ReceivedAnswerError? {
      #expect(throws: ReceivedAnswerError.self) { try ReceivedAnswer(Array(text.utf8), to: builder) }
    }
    if case .unreadable = failure("hello") {} else { Issue.record("read") }
    #expect(failure("v=0\no=- 1 1 IN IP4 127.0.0.1\n") == .sectionsDiffer)
    #expect(failure(good.replacing("m=audio 3478", with: "m=audio 0")) == .audioRejected)
    #expect(failure(good.without("a=ice-ufrag", "a=ice-pwd")) == .noICE)
    #expect(failure(good.without("a=fingerprint")) == .noFingerprint)
    #expect(failure(good.replacing("passive", with: "actpass")) == .noRole)
    #expect(failure(good.replacing("opus/48000", with: "speex/16000")) == .noCodec)
  }
}
