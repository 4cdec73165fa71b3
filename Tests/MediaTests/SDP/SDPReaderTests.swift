import Testing

@testable import Media

@Suite struct SDPReaderTests {
  private static let head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"

  private func failure(_ text: String) -> SDPError? {
    #expect(throws: SDPError.self) { try Offer(text) }
  }

  @Test("what programs write is printed as it was read", arguments: SDPSamples.names)
  func printsWhatItRead(_ name: String) throws {
    let text = try SDPSamples.text(name)
    let printed = try SDPReader.read(Array(text.utf8)).text
    // But for blanks at the ends of lines.
    #expect(printed == text.replacing("\r\n", with: "\n").replacing(" \n", with: "\n").crlf)
    #expect(try SDPReader.read(Array(printed.utf8)).text == printed)
  }

  @Test("lines may end with LF, have CRs to spare, blanks at their end and empty lines between")
  func endsOfLines() throws {
    let text = try SDPSamples.text("chromium-156")
    let offer = try Offer(text)
    #expect(try Offer(text.replacing("\r\n", with: "\n")) == offer)
    #expect(try Offer(text.replacing("\r\n", with: "\r\r\n")) == offer)
    #expect(try Offer(text.replacing("\r\n", with: " \t\n\n")) == offer)
    #expect(try Offer("\u{FEFF}" + text) == offer)
    #expect(try Offer(String(text.dropLast())) == offer)
  }

  @Test("unknown letters and attributes, and text that is not UTF-8, are no reason to refuse")
  func unknownLines() throws {
    var bytes = Array("v=0\no=- 1 1 IN IP4 127.0.0.1\ns=B".utf8)
    bytes.append(0xFC)
    bytes += Array("ro\nt=0 0\nx=what\na=from-the-future:1\na=flag\ny=\n".utf8)
    let offer = try Offer(bytes)
    #expect(offer.sections.isEmpty)
    #expect(offer.origin.session == "1")
    #expect(try SDPReader.read(bytes).session.count == 6)
  }

  @Test("an error names the line, its text, and what was expected")
  func errorText() throws {
    let error = failure(Self.head + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=setup:acpass\r\n")
    #expect(error?.line == 6)
    #expect(error?.text == "a=setup:acpass")
    #expect(
      error?.description
        == "line 6 of the SDP, \"a=setup:acpass\", is not valid: expected a=setup:actpass, a=setup:active or "
        + "a=setup:passive")
  }

  @Test("the port of SCTP is the offer's, 5000 when it has none, and 1 to 65535 (RFC 8841, section 5)")
  func sctpPort() throws {
    let media = Self.head + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
    #expect(try Offer(media).sections[0].sctpPort == 5000)
    for port in [1, 5001, 65_535] as [UInt16] {
      #expect(try Offer(media + "a=sctp-port:\(port)\r\n").sections[0].sctpPort == port)
    }
    for port in ["0", "65536", "-1", "+1", "x", "5000 1", "99999999999999999999"] {
      let error = failure(media + "a=sctp-port:\(port)\r\n")
      #expect(error?.text == "a=sctp-port:\(port)")
      #expect(error?.expected == "a=sctp-port:<1 to 65535>")
    }
  }

  @Test("an error shows neither keys nor passwords, and no more than a line's beginning")
  func errorHidesSecrets() throws {
    let media = Self.head + "m=audio 9 RTP/SAVP 0\r\n"
    #expect(failure(media + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0\r\n")?.text == "a=crypto:…")
    #expect(failure(media + "a=ice-ufrag:abcd\r\na=ice-pwd:short\r\n")?.text == "a=ice-pwd:…")
    #expect(failure(media + "a=crypto:\u{301}secret\r\n")?.text == "a=crypto:…")
    let long = failure(Self.head + "m=audio 70000 RTP/SAVP " + String(repeating: "9", count: 1000))
    #expect(long?.text.count == 61)
    #expect(failure("v=0\r\nab\u{1}\u{7}c\r\n")?.text == "ab??c")
  }

  @Test("what people post instead of an SDP is told apart")
  func mistakes() throws {
    #expect(failure("")?.expected == "an SDP; the body is empty")
    #expect(failure("\r\n\n")?.expected == "an SDP; the body is empty")
    #expect(failure(#"{"type":"offer","sdp":"v=0\r\n"}"#)?.expected.contains("not JSON") == true)
    #expect(failure(#""v=0\r\no=-""#)?.expected.contains("not JSON") == true)
    #expect(failure(#"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"#)?.expected.contains("line breaks") == true)
    #expect(failure("o=- 1 1 IN IP4 127.0.0.1")?.expected == "\"v=0\" as the first line")
    #expect(failure("v=1\r\n")?.line == 1)
    #expect(failure("v=0\r\n")?.expected.hasPrefix("an origin line") == true)
    #expect(failure("v=0\r\no=- 1 IN IP4\r\n")?.line == 2)
    #expect(failure(Self.head + "sendrecv\r\n")?.expected == "a letter and =, as in \"a=sendrecv\"")
    #expect(failure(Self.head + "a=mid:0\u{0}\r\n")?.expected == "no control characters")
  }

  @Test(
    "malformed lines that matter are refused",
    arguments: [
      "m=audio", "m=audio 9 UDP/TLS/RTP/SAVPF", "m=audio -1 RTP/AVP 0", "m=audio 65536 RTP/AVP 0",
      "m=audio 9 RTP/AVP 128", "m=audio 9 RTP/AVP +0", "m=audio 9 RTP/AVP x",
      "m=audio 9 RTP/AVP 0\r\na=rtpmap:128 opus/48000/2", "m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU",
      "m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/0", "m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/99999999999",
      "m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000/0", "m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000/256",
      "m=audio 9 RTP/AVP 0\r\na=extmap:x urn:x", "m=audio 9 RTP/AVP 0\r\na=extmap:1",
      "m=audio 9 RTP/AVP 0\r\na=ssrc:4294967296 cname:a", "m=audio 9 RTP/AVP 0\r\na=mid:a b",
      "m=audio 9 RTP/AVP 0\r\na=ice-ufrag:abc\r\na=ice-pwd:0123456789012345678901",
      "m=audio 9 RTP/AVP 0\r\na=ice-ufrag:ab:cd\r\na=ice-pwd:0123456789012345678901",
      "m=audio 9 RTP/AVP 0\r\na=ice-ufrag:abcd", "m=audio 9 RTP/AVP 0\r\na=ice-pwd:0123456789012345678901",
      "m=audio 9 RTP/AVP 0\r\na=fingerprint:", "m=audio 9 RTP/AVP 0\r\na=fingerprint:sha-256 00:11",
      "m=audio 9 RTP/AVP 0\r\na=fingerprint:sha-1 \(Array(repeating: "+F", count: 20).joined(separator: ":"))",
      "m=audio 9 RTP/AVP 0\r\na=crypto:x AES_CM_128_HMAC_SHA1_80 inline:AA==",
      "m=audio 9 RTP/AVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AA==",
      "m=audio 9 RTP/AVP 0\r\na=mid:0\r\nm=video 9 RTP/AVP 0\r\na=mid:0",
      "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=sctp-port:0",
      "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=max-message-size:-1",
    ])
  func malformed(_ lines: String) throws {
    let error = try #require(failure(Self.head + lines + "\r\n"))
    #expect(error.line >= 5)
    #expect(!error.expected.isEmpty)
  }

  @Test("everything is bounded")
  func limits() throws {
    func lines(_ count: Int, _ line: String) -> String { String(repeating: line + "\r\n", count: count) }
    let audio = "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"
    #expect(failure(Self.head + lines(9000, "a=x:12"))?.line == 0)
    #expect(failure(Self.head + lines(520, "a=x"))?.line == 513)
    #expect(failure(Self.head + audio + lines(520, "a=x"))?.line == 518)
    #expect(failure(Self.head + lines(2100, "x=1"))?.line == 2049)
    #expect(failure(Self.head + lines(33, "m=video 0 RTP/AVP 0"))?.line == 37)
    let formats = (0..<129).map { String($0 % 128) }.joined(separator: " ")
    #expect(failure(Self.head + "m=audio 9 RTP/AVP \(formats)\r\n")?.line == 5)

    // What is only kept, and not needed, is cut off instead.
    let many = (0..<100).map { "a=candidate:\($0) 1 udp 1 192.0.2.1 \($0) typ host\r\na=ssrc:\($0) cname:c\r\n" }
    let section = try Offer(Self.head + audio + many.joined()).sections[0]
    #expect(section.transport.candidates.count == 32)
    #expect(section.sources == Array(0..<32))
  }
}
