import Runtime
import Testing

@testable import Media

/// What associations take, and that they give it back, whatever the peer sends.
@Suite(.serialized, .heap(.isMeasured)) struct SCTPMemoryTests {
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

  @Test(arguments: 0..<3)
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
              receiver.handle(HostileSCTPTests.mutated(packet, using: &generator.value).span.bytes)
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
          return Int.random(in: 0..<10, using: &generator.value) == 0 ? nil : HostileSCTPTests.sealed(packet)
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

  @Test
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

  @Test
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
