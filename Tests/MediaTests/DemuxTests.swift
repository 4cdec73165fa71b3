import Testing

@testable import Media

@Suite struct DemuxTests {
  private func kind(_ bytes: [UInt8], count: Int = 40) -> Demux.Kind? {
    let datagram = bytes.prefix(count) + [UInt8](repeating: 0, count: max(0, count - bytes.count))
    return Demux.kind(of: datagram.span.bytes)
  }

  @Test("every first byte goes where RFC 7983 sends it")
  func readsTheFirstByte() {
    for byte in UInt8.min ... .max {
      let expected: Demux.Kind? =
        switch byte {
        case 0...3: .stun
        case 20...63: .dtls
        case 128...191: .rtp
        default: nil  // ZRTP, TURN channels and what nobody has claimed
        }
      #expect(kind([byte]) == expected)
    }
  }

  @Test("RTCP is told from RTP by its packet type, whatever the marker bit makes of it")
  func readsThePacketType() {
    for byte in UInt8.min ... .max {
      #expect(kind([0x80, byte]) == ((192...223).contains(byte) ? .rtcp : .rtp))
      #expect(kind([0xB1, byte]) == ((192...223).contains(byte) ? .rtcp : .rtp))
    }
  }

  @Test("a datagram shorter than its protocol's header is dropped")
  func checksLengths() {
    for (first, shortest) in [([0, 1], 20), ([22, 254], 13), ([0x80, 111], 12), ([0x80, 200], 8)] as [([UInt8], Int)] {
      #expect(kind(first, count: shortest) != nil)
      for count in 2..<shortest { #expect(kind(first, count: count) == nil) }
    }
    for count in 0..<2 { #expect(kind([], count: count) == nil) }
  }
}
