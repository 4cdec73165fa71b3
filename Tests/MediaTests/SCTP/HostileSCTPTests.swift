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

  /// Some of all that two peers say to each other.
  private static func exercise(_ pair: SCTPPair, endsWell: Bool) {
    try? pair.client.association.connect()
    try? pair.server.association.connect()
    pair.run(for: .milliseconds(1500)) { pair.client.isConnected && pair.server.isConnected }
    for round in 0..<6 {
      for end in [pair.client.association, pair.server.association] {
        guard let stream = try? end.open(DataChannel(label: "\(round)", isOrdered: round % 2 == 0)) else { continue }
        try? end.send(.text("hello"), on: stream)
        try? end.send(.binary([UInt8](repeating: 0, count: 4000)), on: stream)
        pair.run(for: .milliseconds(25))
        if round % 3 == 1 { end.close(stream) }
      }
    }
    pair.run(for: .milliseconds(300))
    if endsWell { pair.client.association.shutDown() }
    pair.run(for: .milliseconds(300))
  }

  @Test(.heap(.isMeasured), arguments: 0..<3)
  func mutatedPacketsInTheMiddleOfEverythingAreSafe(seed: UInt64) async throws {
    try await TestThread.usrsctp.run {
      let endpoint = try SCTPEndpoint()
      let generator = Box(DTLSTestGenerator(seed: seed))
      let injected = Box(0)
      let growth = try leastHeapGrowth(rounds: 4) {
        for round in 0..<40 {
          let pair = try SCTPPair(endpoint: endpoint)
          pair.tap = { packet, toServer in
            // The receiver gets it changed, before it gets it as it is, most times.
            let receiver = toServer ? pair.server.association : pair.client.association
            for _ in 0..<3 {
              receiver.handle(Self.mutated(packet, using: &generator.value).span.bytes)
              injected.value += 1
            }
            return Int.random(in: 0..<30, using: &generator.value) == 0 ? nil : packet
          }
          Self.exercise(pair, endsWell: round % 2 == 0)
          #expect(pair.client.association.channels.count <= 16)
          pair.tap = nil
        }
      }
      #expect(endpoint.count == 0)
      #expect(injected.value > 5000)
      // An association is some 15 KB: four in a hundred that stay would be seen.
      #expect(growth < 50_000)
    }
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

  /// Fragments that never become a message, up to what the receiver lets the sender have on the way.
  @Test
  func aMessageThatNeverEndsIsBounded() async throws {
    try await TestThread.usrsctp.run {
      let endpoint = try SCTPEndpoint()
      let generator = Box(DTLSTestGenerator(seed: 3))
      var most = Int.max
      for _ in 0..<4 {
        let pair = try SCTPPair.connected(endpoint: endpoint)
        // Of a DATA chunk the flags are the second byte: B is 2, E is 1. No fragment is the last.
        pair.tap = { packet, toServer in
          guard toServer, packet.count > 40, packet[12] == 0 else { return packet }
          var packet = packet
          packet[13] &= ~1
          // Some are lost, so that all behind them have to be kept.
          return Int.random(in: 0..<10, using: &generator.value) == 0 ? nil : Self.sealed(packet)
        }
        let stream = try pair.client.association.open(DataChannel(label: ""))
        let before = heapBytesInUse()
        var peak = 0
        for _ in 0..<200 {
          try? pair.client.association.send(.binary([UInt8](repeating: 0, count: 60_000)), on: stream)
          pair.run(for: .milliseconds(50))
          // Those that came whole all the same are the test's.
          pair.server.events = []
          peak = max(peak, heapBytesInUse() - before)
        }
        most = min(most, peak)
      }
      // The sender's queues are 1.5 MB of it.
      #expect(most < 4 << 20)
    }
  }

  @Test(.heap(.isMeasured))
  func associationsComeAndGoWithoutGrowth() async throws {
    try await TestThread.usrsctp.run {
      let endpoint = try SCTPEndpoint()
      func round() throws {
        for index in 0..<100 {
          let pair = try SCTPPair.connected(endpoint: endpoint)
          let stream = try pair.client.association.open(DataChannel(label: "oai-events"))
          try pair.client.association.send(.binary([UInt8](repeating: 1, count: 3000)), on: stream)
          pair.run(for: .milliseconds(60))
          #expect(pair.server.messages(on: stream).count == 1)
          switch index % 3 {
          case 0: pair.client.association.abort()
          case 1: pair.server.association.shutDown()
          // Both are just released.
          default: break
          }
          pair.run(for: .milliseconds(60))
        }
      }
      try round()
      let growth = try leastHeapGrowth(rounds: 3, round)
      #expect(endpoint.count == 0)
      #expect(growth < 100_000)
    }
  }

  @Test(.heap(.isMeasured))
  func anIdleAssociationIsSmall() async throws {
    try await TestThread.usrsctp.run {
      let endpoint = try SCTPEndpoint()
      var idle: [SCTPPair] = []
      let growth = try leastHeapGrowth(rounds: 4) {
        for _ in 0..<25 {
          let pair = try SCTPPair.connected(endpoint: endpoint)
          _ = try pair.client.association.open(DataChannel(label: "oai-events"))
          pair.run(for: .milliseconds(100))
          idle.append(pair)
        }
      }
      #expect(growth / 50 < 40_000)
    }
  }
}
