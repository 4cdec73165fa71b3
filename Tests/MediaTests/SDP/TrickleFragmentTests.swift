import Testing

@testable import Media

@Suite struct TrickleFragmentTests {
  private let candidate = Candidate("candidate:1 1 udp 1 192.0.2.1 9 typ host")!

  @Test("the PATCH of GStreamer's WHIP client")
  func gstreamer() throws {
    let fragment = try TrickleFragment(SDPSamples.bytes("gstreamer-1.22-whip.sdpfrag"))
    #expect(fragment.sections.map(\.mid) == ["audio0"])
    #expect(fragment.candidates.count == 9)
    #expect(fragment.candidates[0].description.hasPrefix("candidate:1 1 udp 2015363327 192.0.2.2 "))
    #expect(fragment.endOfCandidates)
    let credentials = try #require(fragment.credentials)
    #expect(fragment.purpose(under: credentials) == .candidates)
    #expect(try TrickleFragment(Array(fragment.text.utf8)) == fragment)
  }

  @Test("the forms of RFC 8840, RFC 9725 and of clients that leave out the m= line")
  func forms() throws {
    let rfc9725 = try TrickleFragment(
      Array(
        """
        a=group:BUNDLE 0 1
        m=audio 9 UDP/TLS/RTP/SAVPF 111
        a=mid:0
        a=ice-ufrag:EsAw
        a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
        a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1
        a=end-of-candidates

        """.utf8))
    #expect(rfc9725.credentials?.ufrag == "EsAw")
    #expect(rfc9725.candidates.count == 1)
    #expect(rfc9725.endOfCandidates)

    let bare = try TrickleFragment(
      Array("a=ice-ufrag:EsAw\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\n".utf8))
    #expect(bare.sections.map(\.mid) == [nil])
    #expect(!bare.endOfCandidates)

    let end = try TrickleFragment(Array("a=end-of-candidates\n".utf8))
    #expect(end.endOfCandidates)
    #expect(end.candidates.isEmpty)
    #expect(end.purpose(under: nil) == .candidates)

    let twice = try TrickleFragment(
      Array(
        "m=audio 9 RTP/AVP 0\na=mid:0\na=\(candidate)\nm=audio 9 RTP/AVP 0\na=mid:1\na=\(candidate)\na=candidate:nonsense\n"
          .utf8))
    #expect(twice.candidates.count == 1)
    #expect(twice.sections.map(\.candidates.count) == [1, 1])
  }

  @Test("new credentials restart ICE, and are answered with ours")
  func restart() throws {
    let session = try SDPSamples.answer("gstreamer-1.22-whip")
    let credentials = IceCredentials(ufrag: "new1", password: "ABCDEFGHIJKLMNOPQRSTUV")!
    let fragment = TrickleFragment(
      credentials: credentials,
      sections: [.init(mid: "audio0", candidates: [candidate], endOfCandidates: false)])
    #expect(fragment.purpose(under: session.transport.remoteCredentials) == .restart(credentials))

    var local = session.local
    local.credentials = IceCredentials(ufrag: "viva2", password: "zyxwvutsrqponmlkjihgfe")!
    let restarted = session.restarted(by: fragment, local: local)
    #expect(restarted.transport.remoteCredentials == credentials)
    #expect(restarted.transport.candidates == fragment.candidates)
    #expect(restarted.transport.keying == session.transport.keying)
    #expect(
      restarted.fragment.text
        == """
        a=ice-lite
        a=ice-ufrag:viva2
        a=ice-pwd:zyxwvutsrqponmlkjihgfe
        m=audio 9 RTP/AVP 0
        a=mid:audio0
        \(SDPSamples.candidateLines)
        a=end-of-candidates

        """.crlf)
    #expect(fragment.purpose(under: restarted.transport.remoteCredentials) == .candidates)
  }

  @Test("what is no fragment is refused")
  func malformed() {
    for text in ["", "candidate:1 1 udp", "a=ice-ufrag:abcd", "m=audio", "a=ice-ufrag:a\na=ice-pwd:b", "{}"] {
      #expect(throws: SDPError.self) { try TrickleFragment(Array(text.utf8)) }
    }
  }
}
