import CUsrSCTP
import Runtime
import Testing

@testable import Media

struct SCTPPacketTests {
  private static let header: [UInt8] = [0x13, 0x88, 0x13, 0x88, 1, 2, 3, 4, 5, 6, 7, 8]

  private func isAcceptable(_ bytes: [UInt8], from remote: UInt16 = 5000, to local: UInt16 = 5000) -> Bool {
    SCTPPacket.isAcceptable(bytes.span.bytes, from: remote, to: local)
  }

  private func chunk(_ type: UInt8, _ length: Int) -> [UInt8] {
    let padded = (length + 3) & ~3
    return [type, 0, UInt8(length >> 8), UInt8(length & 255)] + [UInt8](repeating: 0, count: padded - 4)
  }

  @Test
  func onlyChunksThatDataChannelsUseComeThrough() {
    let used: Set<UInt8> = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 130, 132, 192]
    for type in UInt8.min ... .max { #expect(isAcceptable(Self.header + chunk(type, 20)) == used.contains(type)) }
  }

  @Test
  func chunksHaveAtLeastTheirFixedPart() {
    #expect(!isAcceptable(Self.header + chunk(0, 16)))
    #expect(isAcceptable(Self.header + chunk(0, 17)))
    #expect(!isAcceptable(Self.header + chunk(3, 12)))
    #expect(!isAcceptable(Self.header + chunk(1, 16)))
    #expect(!isAcceptable(Self.header + [11, 0, 0, 3]))
    #expect(!isAcceptable(Self.header + [11, 0, 0, 8]))
    #expect(!isAcceptable(Self.header))
    // The last chunk's padding may be left out.
    #expect(isAcceptable(Self.header + chunk(0, 17).prefix(17)))
  }

  @Test
  func whatMustComeAloneDoes() {
    #expect(isAcceptable(Self.header + chunk(11, 4) + chunk(0, 20)))
    for type in [UInt8(1), 2, 14] {
      #expect(isAcceptable(Self.header + chunk(type, 20)))
      #expect(!isAcceptable(Self.header + chunk(type, 20) + chunk(11, 4)))
      #expect(!isAcceptable(Self.header + chunk(11, 4) + chunk(type, 20)))
    }
  }

  @Test
  func addressesAreNotAnnounced() {
    func initiation(_ parameters: [UInt8]) -> [UInt8] {
      var bytes = chunk(1, 20) + parameters
      bytes[3] = UInt8(bytes.count)
      return Self.header + bytes
    }
    #expect(isAcceptable(initiation([0xC0, 0, 0, 4])))
    for type in [UInt8(5), 6, 11] { #expect(!isAcceptable(initiation([0xC0, 0, 0, 4, 0, type, 0, 8, 1, 2, 3, 4]))) }
    #expect(!isAcceptable(initiation([0xC0, 0, 0, 9, 0, 0, 0, 0])))
    #expect(!isAcceptable(initiation([0xC0, 0, 0, 3])))
  }

  @Test
  func portsAreThoseOfTheSDP() {
    for index in 0..<4 {
      var bytes = Self.header + chunk(11, 4)
      bytes[index] ^= 1
      #expect(!isAcceptable(bytes))
    }
    let packet = [0x13, 0x89] + Self.header.dropFirst(2) + chunk(11, 4)
    #expect(isAcceptable(packet, from: 5001, to: 5000))
    #expect(!isAcceptable(packet, from: 5000, to: 5001))
  }

  @Test
  func truncationsAndTensOfThousandsOfMutationsAreSafe() {
    let samples = [
      Self.header + chunk(1, 20), Self.header + chunk(0, 60) + chunk(3, 24), Self.header + chunk(130, 33),
    ]
    for sample in samples {
      for length in 0..<sample.count { _ = isAcceptable(Array(sample.prefix(length))) }
    }
    var generator = DTLSTestGenerator(seed: 2)
    for _ in 0..<50_000 {
      var bytes = samples.randomElement(using: &generator)!
      for _ in 0..<Int.random(in: 1...5, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: .min ... .max, using: &generator)
      }
      _ = isAcceptable(bytes)
    }
  }
}
