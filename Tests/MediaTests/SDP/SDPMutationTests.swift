import Testing

@testable import Media

/// Hostile input: whatever the bytes are, reading and answering return or throw. `exercise` also checks that what was
/// read and printed reads the same again, and that each answer can be read.
@Suite struct SDPMutationTests {
  /// Pieces that parsers trip over.
  private static let pieces: [[UInt8]] =
    [
      "\n", "\r", "\r\n", " ", ":", "=", "/", ";", "|", "0", "-1", "128", "256", "65536", "4294967296",
      "18446744073709551616", "99999999999999999999999", "+1", "\u{0}", "\t", "m=audio ", "m=video 0 ", "a=", "a=mid:",
      "a=mid:0\r\n", "a=group:BUNDLE 0 1 1 0\r\n", "a=bundle-only\r\n", "a=ice-lite\r\n", "a=rtcp-fb:* nack\r\n",
      "a=setup:active\r\n", "a=inactive\r\n", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
      "m=audio 9 RTP/SAVP 0\r\na=rtcp-mux\r\na=crypto:1 AEAD_AES_128_GCM inline:AAAA\r\n", "\u{301}", "é",
    ].map { Array($0.utf8) } + [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0x80]]

  private static func mutate(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...5, using: &generator) {
      let index = Int.random(in: 0...bytes.count, using: &generator)
      let end = min(bytes.count, index + Int.random(in: 0...40, using: &generator))
      switch Int.random(in: 0..<8, using: &generator) {
      case 0 where index < bytes.count: bytes[index] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes.removeSubrange(index..<end)
      case 2: bytes.insert(contentsOf: bytes[index..<end], at: index)
      case 3 where Bool.random(using: &generator): bytes.removeSubrange(index...)
      case 4, 5: bytes = swapLines(bytes, &generator)
      default: bytes.replaceSubrange(index..<min(end, index + 4), with: pieces.randomElement(using: &generator) ?? [])
      }
    }
    return bytes
  }

  /// Lines in other places stay well formed, so that more of them is read.
  private static func swapLines(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    guard lines.count > 4 else { return bytes }
    let (from, to) = (
      Int.random(in: 2..<lines.count, using: &generator), Int.random(in: 2..<lines.count, using: &generator)
    )
    if Bool.random(using: &generator) { lines.swapAt(from, to) } else { lines.insert(lines[from], at: to) }
    return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
  }

  /// One of each program; the others are longer or alike, and cut off here and there.
  private static let representative = [
    "chromium-156", "firefox-153", "aiortc-1.16", "pion-3.1", "gstreamer-1.22-whip-candidates", "obs-31-whip",
    "sip-gateway-sdes", "sip-gateway-dtls",
  ]

  @Test("offers cut off anywhere", arguments: SDPSamples.names)
  func truncated(_ name: String) throws {
    let bytes = try SDPSamples.bytes("\(name).sdp")
    let step = Self.representative.contains(name) ? 1 : 17
    for length in stride(from: 0, to: bytes.count, by: step) {
      guard let offer = try? Offer(Array(bytes.prefix(length))), length % 5 == 0 else { continue }
      _ = try? SDPSamples.answer(offer).text
    }
  }

  @Test("offers mutated", arguments: SDPSamples.names)
  func mutated(_ name: String) throws {
    let bytes = try SDPSamples.bytes("\(name).sdp")
    var generator = SeededGenerator(seed: UInt64(bytes.count))
    for _ in 0..<500 { Offer.exercise(Self.mutate(bytes, &generator).span.bytes) }
  }

  @Test("fragments cut off and mutated")
  func fragments() throws {
    let bytes = try SDPSamples.bytes("gstreamer-1.22-whip.sdpfrag")
    for length in 0..<bytes.count { TrickleFragment.exercise(Array(bytes.prefix(length)).span.bytes) }
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<3000 { TrickleFragment.exercise(Self.mutate(bytes, &generator).span.bytes) }
  }

  @Test("re-offers mutated: a session goes on, or the offer is refused")
  func reoffers() throws {
    let text = try SDPSamples.text("chromium-156-session-5-video-added")
    let session = try SDPSamples.answer(Offer(text))
    var generator = SeededGenerator(seed: 5)
    var answered = 0
    for _ in 0..<500 {
      guard let offer = try? Offer(Self.mutate(Array(text.utf8), &generator)) else { continue }
      do throws(OfferRefusal) {
        _ = try OfferChange(to: session, by: offer)
        let next = try session.next(to: offer, policy: AnswerPolicy(tracks: []), local: session.local)
        answered += next.sections.count >= session.sections.count ? 1 : 0
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
    #expect(answered > 50)
  }

  @Test("the worst that fits takes milliseconds")
  func worstCase() {
    let heads = "v=0\no=- 1 1 IN IP4 127.0.0.1\n"
    let worst = [
      heads + String(repeating: "a=group:BUNDLE " + String(repeating: "a ", count: 60) + "\n", count: 450),
      heads + "m=audio 9 UDP/TLS/RTP/SAVPF " + (0..<128).map(String.init).joined(separator: " ") + "\n"
        + String(
          repeating: "a=rtcp-fb:* nack\na=rtpmap:0 a/1\na=fmtp:0 " + String(repeating: ";a", count: 100) + "\n",
          count: 160),
      heads
        + (0..<32).map { "m=audio 9 RTP/SAVP 0\na=mid:\($0)\n" + String(repeating: "a=crypto:1 a b\n", count: 60) }
        .joined(),
      heads + String(repeating: "m=audio 9 RTP/AVP 0\n" + String(repeating: "a=x:y\n", count: 60), count: 32),
      String(repeating: "\n", count: 65_536), heads + "a=" + String(repeating: "é", count: 32_000),
    ]
    let clock = ContinuousClock()
    for text in worst {
      let time = clock.measure { Offer.exercise(Array(text.utf8).span.bytes) }
      #expect(time < .seconds(2), "\(time) for \(text.prefix(80))")
    }
  }
}
