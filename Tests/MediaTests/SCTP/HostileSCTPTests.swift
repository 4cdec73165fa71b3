import CUsrSCTP
import Runtime
import Testing

@testable import Media

/// The peer of an association is authenticated by DTLS, and may be hostile all the same.
@Suite(.serialized)
struct HostileSCTPTests {
  /// With a checksum that is right, so that usrsctp looks further.
  static func sealed(_ packet: [UInt8]) -> [UInt8] {
    guard packet.count >= 12 else { return packet }
    var packet = packet
    packet.replaceSubrange(8..<12, with: [0, 0, 0, 0])
    let checksum = packet.withUnsafeMutableBytes { usrsctp_crc32c($0.baseAddress, $0.count) }
    withUnsafeBytes(of: checksum) { packet.replaceSubrange(8..<12, with: $0) }
    return packet
  }

  static func mutated(_ packet: [UInt8], using generator: inout DTLSTestGenerator) -> [UInt8] {
    var packet = packet
    // The ports and, mostly, the verification tag are left alone.
    let first = Int.random(in: 0..<20, using: &generator) == 0 ? 4 : 12
    for _ in 0..<Int.random(in: 1...4, using: &generator) where packet.count > first {
      let index = Int.random(in: first..<packet.count, using: &generator)
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: packet[index] = .random(in: .min ... .max, using: &generator)
      case 1: packet[index] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &generator)!
      case 2: packet[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 3: packet.removeLast(Int.random(in: 0..<packet.count - first, using: &generator))
      default:
        // A piece of it once more, as another chunk or parameter.
        let end = Int.random(in: index..<packet.count, using: &generator)
        packet += packet[index...end]
      }
    }
    return sealed(packet)
  }

  @Test
  func mutatedChunksOfAConnectedPeerAreSafe() async throws {
    try await TestThread.usrsctp.run {
      // DATA, SACK, RE-CONFIG with an outgoing reset, FORWARD-TSN, HEARTBEAT, ERROR, SHUTDOWN, INIT.
      let samples: [[UInt8]] = [
        [0, 3, 0, 20, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 51, 1, 2, 3, 4],
        [3, 0, 0, 24, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 2, 0, 3, 0, 0, 0, 9],
        [130, 0, 0, 24, 0, 13, 0, 18, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0],
        [192, 0, 0, 16, 0, 0, 0, 9, 0, 0, 0, 1, 0, 1, 0, 1],
        [4, 0, 0, 12, 0, 1, 0, 8, 1, 2, 3, 4], [9, 0, 0, 12, 0, 1, 0, 8, 0, 1, 0, 0],
        [7, 0, 0, 8, 0, 0, 0, 1],
        [1, 0, 0, 24, 0, 0, 0, 1, 0, 2, 0, 0, 0, 9, 0, 9, 0, 0, 0, 1, 0xC0, 0, 0, 4],
      ]
      var generator = DTLSTestGenerator(seed: 6)
      for _ in 0..<3000 {
        var chunks: [UInt8] = []
        for _ in 0...Int.random(in: 0...2, using: &generator) {
          var chunk = samples.randomElement(using: &generator)!
          for _ in 0...Int.random(in: 0...4, using: &generator) {
            chunk[Int.random(in: 1..<chunk.count, using: &generator)] = .random(in: .min ... .max, using: &generator)
          }
          if Bool.random(using: &generator) { chunk[2...3] = [0, UInt8(chunk.count)] }
          chunks += chunk
        }
        SCTPAssociation.exercise(chunks.span.bytes)
      }
    }
  }

  @Test
  func garbageIsDropped() async throws {
    try await TestThread.usrsctp.run {
      let pair = try SCTPPair.connected(endpoint: try SCTPEndpoint())
      var generator = DTLSTestGenerator(seed: 77)
      for _ in 0..<20_000 {
        var bytes = (0..<Int.random(in: 0...200, using: &generator)).map { _ in
          UInt8.random(in: .min ... .max, using: &generator)
        }
        if bytes.count >= 4 { bytes.replaceSubrange(0..<4, with: [0x13, 0x88, 0x13, 0x88]) }
        pair.server.association.handle(Self.sealed(bytes).span.bytes)
      }
      pair.server.association.handle([UInt8](repeating: 0, count: 5000).span.bytes)
      let stream = try pair.client.association.open(DataChannel(label: ""))
      try pair.client.association.send(.text("fine"), on: stream)
      pair.run(for: .milliseconds(200))
      #expect(pair.server.messages(on: stream) == [.text("fine")])
    }
  }
}
