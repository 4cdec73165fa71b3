import Testing

@testable import Media

@Suite struct OfferTests {
  @Test("Chromium's offer")
  func chromium() throws {
    let offer = try SDPSamples.offer("chromium-156")
    #expect(offer.bundles == [["0", "1"]])
    #expect(offer.origin.version == "2")
    #expect(!offer.isICELite)
    let audio = offer.sections[0]
    #expect(audio.kind == .audio)
    #expect(audio.mid == "0")
    #expect(audio.direction == .sendrecv)
    #expect(audio.codecs.map(\.payloadType) == [111, 63, 9, 0, 8, 13, 110, 126])
    #expect(audio.codecs[0].encoding == .opus)
    #expect(audio.codecs[0].format == "minptime=10;useinbandfec=1")
    #expect(!audio.codecs[0].nack)
    #expect(
      audio.extensions == [HeaderExtension(.audioLevel, identifier: 1), HeaderExtension(.mid, identifier: 4)])
    #expect(audio.rtcpMux)
    #expect(audio.reducedSizeRTCP)
    #expect(audio.sources.count == 1)
    #expect(audio.track != nil)
    #expect(audio.transport.iceOptions == ["trickle"])
    #expect(audio.transport.setup == .actpass)
    #expect(audio.transport.fingerprints.map(\.algorithm) == [.sha256])
    #expect(audio.transport.candidates.count == 4)
    #expect(audio.transport.candidates.map(\.transport) == [.udp, .udp, .tcp, .tcp])
    let data = offer.sections[1]
    #expect(data.kind == .data)
    #expect(data.sctpPort == 5000)
    #expect(data.maximumMessageSize == 262_144)
  }

  @Test("Firefox keeps the fingerprint in the session, gives extensions directions, and bundles ports of 0")
  func firefox() throws {
    let offer = try SDPSamples.offer("firefox-153")
    #expect(offer.sections[0].transport.fingerprints.count == 1)
    #expect(offer.sections[1].transport.fingerprints == offer.sections[0].transport.fingerprints)
    #expect(offer.sections[0].extensions.map(\.identifier) == [1, 3])
    #expect(offer.sections[0].transport.endOfCandidates)
    let opus = OpusParameters(format: try #require(offer.sections[0].codecs[0].format))
    #expect(opus.stereo)
    #expect(opus.maximumPlaybackRate == 48_000)
    #expect(opus.useInbandFEC)
    #expect(offer.sections[1].maximumMessageSize == 1_073_741_823)

    let bundled = try SDPSamples.offer("firefox-153-video-first").sections
    #expect(bundled.map(\.port) == [bundled[0].port, 0, 0])
    #expect(bundled.map(\.isBundleOnly) == [false, true, true])
    #expect(bundled.map(\.isRejected) == [false, false, false])
  }

  @Test("aiortc has several fingerprints, and no fmtp")
  func aiortc() throws {
    let offer = try SDPSamples.offer("aiortc-1.16")
    #expect(offer.sections[0].transport.fingerprints.map(\.algorithm) == [.sha256, .sha384, .sha512])
    #expect(offer.sections[0].codecs[0].format == nil)
    #expect(offer.sections[0].codecs[0].payloadType == 96)
    #expect(offer.sections[0].transport.endOfCandidates)
  }

  @Test("GStreamer has no bundle, a mid of its own making, and OPUS in capitals")
  func gstreamer() throws {
    let offer = try SDPSamples.offer("gstreamer-1.22-whip")
    #expect(offer.bundles.isEmpty)
    #expect(offer.sections[0].mid == "audio0")
    #expect(offer.sections[0].codecs[0].encoding == .opus)
    #expect(offer.sections[0].direction == .sendonly)
    #expect(offer.sections[0].transport.candidates.isEmpty)
    #expect(try SDPSamples.offer("gstreamer-1.22-whip-candidates").sections[0].transport.candidates.count == 9)
  }

  @Test("OBS parts ice-options by commas, and wants stereo")
  func obs() throws {
    let offer = try SDPSamples.offer("obs-31-whip")
    #expect(offer.sections[0].transport.iceOptions == ["ice2", "trickle"])
    #expect(offer.sections[0].transport.candidates.map(\.kind) == [.host, .serverReflexive])
    #expect(offer.bundles == [["0", "1"]])
    let opus = OpusParameters(format: try #require(offer.sections[0].codecs[0].format))
    #expect(opus.spropStereo)
    #expect(opus.maximumAverageBitrate == 96_000)
    #expect(offer.sections[1].kind == .other("video"))
  }

  @Test("a SIP gateway's SDES keys: unknown suites are passed over")
  func sdes() throws {
    let section = try SDPSamples.offer("sip-gateway-sdes").sections[0]
    #expect(section.connectionAddress == "198.51.100.7")
    #expect(section.port == 16532)
    #expect(section.transport.credentials == nil)
    #expect(section.transport.cryptoSuites.count == 4)
    #expect(section.transport.crypto.map(\.tag) == [3, 4])
    #expect(section.transport.crypto.map(\.key.profile) == [.aes128CMSHA1_80, .aeadAES128GCM])
    #expect(section.transport.crypto[0].key.keyAndSalt == (0..<30).map { UInt8(truncatingIfNeeded: 11 * $0 + 7) })
    #expect(section.packetTime == 20)
    let opus = OpusParameters(format: try #require(section.codecs[0].format))
    #expect(opus.maximumAverageBitrate == 30_000)
    #expect(opus.minimumPacketTime == 10)
  }

  @Test("SDES keys with a master key identifier, session parameters or several keys are not taken")
  func sdesThatIsNotTaken() throws {
    let key = SRTPMasterKey(profile: .aeadAES128GCM, keyAndSalt: Array(repeating: 1, count: 28))!
    let line = CryptoAttribute(tag: 9, key: key).text
    #expect(line.hasSuffix("=="))
    func taken(_ value: String) throws -> [CryptoAttribute] {
      try CryptoAttribute.all([SDPLine("a", "crypto:\(value)")]).taken
    }
    #expect(try taken(line) == [CryptoAttribute(tag: 9, key: key)])
    #expect(try taken(line + "|2^20") == [CryptoAttribute(tag: 9, key: key)])
    #expect(try taken(String(line.dropLast(2))) == [CryptoAttribute(tag: 9, key: key)])
    #expect(try taken(line + "|2^20|1:4") == [])
    #expect(try taken(line + " UNENCRYPTED_SRTCP") == [])
    #expect(try taken(line + ";inline:AAAA") == [])
  }

  @Test("what a section leaves out is taken from the session, or from the tagged section of its bundle")
  func defaults() throws {
    let session = """
      v=0
      o=- 1 1 IN IP4 127.0.0.1
      s=-
      c=IN IP4 192.0.2.9
      t=0 0
      a=group:BUNDLE a v
      a=ice-options:trickle renomination
      a=fingerprint:sha-384 \(Array(repeating: "0f", count: 48).joined(separator: ":"))
      a=setup:passive
      a=recvonly
      m=audio 9 UDP/TLS/RTP/SAVPF 0
      a=mid:a
      a=ice-ufrag:abcd
      a=ice-pwd:0123456789012345678901
      m=video 9 UDP/TLS/RTP/SAVPF 0
      a=mid:v
      a=sendonly
      a=setup:active

      """
    let offer = try Offer(session)
    #expect(offer.sections[1].transport.credentials == nil)
    let transport = offer.transport(of: 1)
    #expect(transport.credentials?.ufrag == "abcd")
    #expect(transport.iceOptions == ["trickle", "renomination"])
    #expect(transport.fingerprints.map(\.algorithm) == [.sha384])
    #expect(transport.setup == .active)
    #expect(offer.sections.map(\.direction) == [.recvonly, .sendonly])
    #expect(offer.sections[0].transport.setup == .passive)
    #expect(offer.sections[1].connectionAddress == "192.0.2.9")
  }

  @Test("fingerprints of unknown hash functions are passed over, in any case of letters")
  func fingerprints() throws {
    let digest = Array(repeating: "aB", count: 20).joined(separator: ":")
    let lines = ["fingerprint:md5 00:11", "fingerprint:SHA-1 \(digest)"].map { SDPLine("a", $0) }
    let fingerprints = try DTLSFingerprint.all(lines, session: [])
    #expect(fingerprints == [DTLSFingerprint(algorithm: .sha1, digest: Array(repeating: 0xAB, count: 20))!])
  }

  @Test("parameters of Opus that make no sense have their defaults")
  func opusParameters() {
    let odd = OpusParameters(
      format: " MinPTime = 1 ;useinbandfec=yes;stereo=2;maxaveragebitrate=99999999999999999999;maxplaybackrate=-1;;=;x")
    #expect(odd == OpusParameters())
    var all = OpusParameters()
    (all.stereo, all.spropStereo, all.useInbandFEC, all.useDTX, all.constantBitRate) = (true, true, true, true, true)
    (all.minimumPacketTime, all.maximumAverageBitrate) = (10, 24_000)
    (all.maximumPlaybackRate, all.maximumCaptureRate) = (16_000, 48_000)
    #expect(OpusParameters(format: all.format) == all)
    #expect(OpusParameters().format.isEmpty)
  }

  @Test("payload types without a mapping have their assigned codec, or none")
  func assignedPayloadTypes() throws {
    let head = "v=0\no=- 1 1 IN IP4 127.0.0.1\n"
    let codecs = try Offer(head + "m=audio 9 RTP/AVP 8 9 0 0 96\na=rtpmap:97 opus/48000/2\na=fmtp:nonsense\n")
      .sections[0].codecs
    #expect(codecs.map(\.encoding) == [.pcma, .pcmu])
    let nack = try Offer(head + "m=audio 9 RTP/AVPF 0 8\na=rtcp-fb:8 nack\na=rtcp-fb:0 nack pli\n").sections[0].codecs
    #expect(nack.map(\.nack) == [false, true])
    let all = try Offer(head + "m=audio 9 RTP/AVPF 0 8\na=rtcp-fb:* nack\n").sections[0].codecs
    #expect(all.map(\.nack) == [true, true])
  }
}
