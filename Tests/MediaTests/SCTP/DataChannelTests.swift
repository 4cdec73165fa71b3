import CUsrSCTP
import Runtime
import Testing

@testable import Media

struct DataChannelTests {
  private static func closed(_ events: [SCTPEvent], _ stream: UInt16) -> Int {
    events.count { $0 == .channelClosed(stream) }
  }

  @Test(arguments: [true, false])
  func aChannelClosesOnBothSidesAndItsStreamIsFreeAgain(byOpener: Bool) async throws {
    try await TestThread.usrsctp.run {
      let pair = try SCTPPair.connected(endpoint: try SCTPEndpoint())
      for round in 1...5 {
        let stream = try pair.client.association.open(DataChannel(label: "\(round)"))
        #expect(stream == 0)
        try pair.client.association.send(.text("before"), on: stream)
        pair.run(for: .milliseconds(100))
        (byOpener ? pair.client : pair.server).association.close(stream)
        #expect(throws: SCTPError.noSuchChannel(stream)) {
          try (byOpener ? pair.client : pair.server).association.send(.text("after"), on: stream)
        }
        pair.run(for: .milliseconds(500))
        #expect(Self.closed(pair.client.events, stream) == round)
        #expect(Self.closed(pair.server.events, stream) == round)
        #expect(pair.server.messages(on: stream).count == round)
        #expect(pair.server.association.channel(on: stream) == nil)
      }
      #expect(pair.client.association.isConnected && pair.server.association.isConnected)
    }
  }

  @Test
  func whatWasSentBeforeAChannelIsClosedArrives() async throws {
    try await TestThread.usrsctp.run {
      let pair = try SCTPPair.connected(endpoint: try SCTPEndpoint())
      let stream = try pair.client.association.open(DataChannel(label: ""))
      for _ in 0..<20 {
        try pair.client.association.send(.binary([UInt8](repeating: 0, count: 30_000)), on: stream)
      }
      pair.client.association.close(stream)
      pair.run(for: .seconds(10)) { Self.closed(pair.server.events, stream) == 1 }
      #expect(pair.server.messages(on: stream).count == 20)
    }
  }

  @Test
  func closingSurvivesLoss() async throws {
    try await TestThread.usrsctp.run {
      let endpoint = try SCTPEndpoint()
      for seed in UInt64(0)..<10 {
        let pair = try SCTPPair.connected(endpoint: endpoint)
        pair.network.generator = DTLSTestGenerator(seed: seed)
        var streams: [UInt16] = []
        for _ in 0..<6 { streams.append(try pair.client.association.open(DataChannel(label: ""))) }
        pair.run(for: .milliseconds(100))
        pair.network.loss = 20
        pair.network.delay = 0...10
        for (index, stream) in streams.enumerated() {
          (index % 2 == 0 ? pair.client : pair.server).association.close(stream)
          if index % 3 == 0 { pair.run(for: .milliseconds(7)) }
        }
        #expect(
          pair.run(for: .seconds(60)) {
            streams.allSatisfy {
              Self.closed(pair.client.events, $0) == 1 && Self.closed(pair.server.events, $0) == 1
            }
          })
        pair.network.loss = 0
        pair.run(for: .seconds(5))
        #expect(try pair.client.association.open(DataChannel(label: "")) == 0)
      }
    }
  }

  @Test
  func theLargestMessageArrivesAndALargerOneIsRefused() async throws {
    try await TestThread.usrsctp.run {
      var configuration = SCTPConfiguration()
      configuration.peerMaximumMessageSize = 256 << 10
      let pair = try SCTPPair.connected(
        endpoint: try SCTPEndpoint(), client: configuration, server: configuration)
      let stream = try pair.client.association.open(DataChannel(label: ""))
      let largest = DataChannelMessage.binary((0..<256 << 10).map { UInt8(truncatingIfNeeded: $0 >> 3) })
      pair.network.loss = 3
      for _ in 0..<3 { try pair.client.association.send(largest, on: stream) }
      pair.run(for: .seconds(30)) { pair.server.messages(on: stream).count == 3 }
      #expect(pair.server.messages(on: stream) == [largest, largest, largest])
      #expect(throws: SCTPError.messageTooLarge((256 << 10) + 1)) {
        try pair.client.association.send(.binary(largest.bytes + [0]), on: stream)
      }
    }
  }

  @Test
  func largeMessagesWithoutOrderArriveUnderLoss() async throws {
    try await TestThread.usrsctp.run {
      let endpoint = try SCTPEndpoint()
      for seed in UInt64(0)..<20 {
        let pair = try SCTPPair.connected(endpoint: endpoint)
        let stream = try pair.client.association.open(DataChannel(label: "", isOrdered: false))
        pair.run(for: .milliseconds(100))
        pair.network.generator = DTLSTestGenerator(seed: seed)
        pair.network.loss = 5
        pair.network.delay = 0...10
        for size in 1...10 {
          try pair.client.association.send(.binary([UInt8](repeating: 1, count: size * 4000)), on: stream)
        }
        pair.run(for: .seconds(60)) { pair.server.messages(on: stream).count == 10 }
        #expect(Set(pair.server.messages(on: stream).map(\.bytes.count)) == Set((1...10).map { $0 * 4000 }))
      }
    }
  }

  @Test(arguments: [100_000, 300_000, 900_000])
  func aMessageBeyondTheLimitClosesItsChannelAndNoOther(size: Int) async throws {
    try await TestThread.usrsctp.run {
      var client = SCTPConfiguration()
      client.maximumMessageSize = 1 << 20
      client.peerMaximumMessageSize = 1 << 20
      var server = SCTPConfiguration()
      server.maximumMessageSize = 64 << 10
      let pair = try SCTPPair.connected(endpoint: try SCTPEndpoint(), client: client, server: server)
      let bad = try pair.client.association.open(DataChannel(label: "bad"))
      let good = try pair.client.association.open(DataChannel(label: "good"))
      try pair.client.association.send(.binary([UInt8](repeating: 1, count: size)), on: bad)
      try pair.client.association.send(.text("still here"), on: good)
      pair.run(for: .seconds(30)) {
        Self.closed(pair.client.events, bad) == 1 && pair.server.messages(on: good).count == 1
      }
      #expect(pair.server.messages(on: bad).isEmpty)
      #expect(pair.server.messages(on: good) == [.text("still here")])
      #expect(Self.closed(pair.client.events, bad) == 1)
      #expect(pair.server.association.reassembly.isEmpty)
    }
  }

  @Test
  func whatThePeerDoesNotTakeIsNotSent() async throws {
    try await TestThread.usrsctp.run {
      let pair = try SCTPPair.connected(endpoint: try SCTPEndpoint())
      let stream = try pair.client.association.open(DataChannel(label: ""))
      #expect(throws: SCTPError.messageTooLarge(65_537)) {
        try pair.client.association.send(.binary([UInt8](repeating: 0, count: 65_537)), on: stream)
      }
      try pair.client.association.send(.binary([UInt8](repeating: 0, count: 65_536)), on: stream)
    }
  }

  @Test
  func aFullBufferRefusesAndTellsWhenThereIsRoom() async throws {
    try await TestThread.usrsctp.run {
      let pair = try SCTPPair.connected(endpoint: try SCTPEndpoint())
      let stream = try pair.client.association.open(DataChannel(label: ""))
      let message = DataChannelMessage.binary([UInt8](repeating: 0, count: 50_000))
      var sent = 0
      var isFull = false
      while !isFull, sent < 1000 {
        do {
          try pair.client.association.send(message, on: stream)
          sent += 1
        } catch SCTPError.bufferFull {
          isFull = true
        }
      }
      // 1 MiB here, and some in usrsctp.
      #expect((20...30).contains(sent))
      #expect(pair.client.association.bufferedBytes <= 1 << 20)
      #expect(!pair.client.events.contains(.writable))
      pair.run(for: .seconds(30)) { pair.client.events.contains(.writable) }
      #expect(pair.client.association.bufferedBytes <= 256 << 10)
      try pair.client.association.send(message, on: stream)
      pair.run(for: .seconds(30)) { pair.server.messages(on: stream).count == sent + 1 }
      #expect(pair.server.messages(on: stream).count == sent + 1)
      #expect(pair.client.events.count { $0 == .writable } == 1)
    }
  }

  @Test
  func thereAreOnlySoManyChannels() async throws {
    try await TestThread.usrsctp.run {
      var few = SCTPConfiguration()
      few.maximumChannels = 4
      let pair = try SCTPPair.connected(endpoint: try SCTPEndpoint(), server: few)
      var streams: [UInt16] = []
      for _ in 0..<10 { streams.append(try pair.client.association.open(DataChannel(label: ""))) }
      pair.run(for: .seconds(2))
      #expect(pair.server.opened.count == 4)
      #expect(throws: SCTPError.tooManyChannels) { _ = try pair.server.association.open(DataChannel(label: "")) }
      for stream in streams { #expect(Self.closed(pair.client.events, stream) == (stream < 8 ? 0 : 1)) }
    }
  }

  @Test
  func thereAreOnlySoManyStreams() async throws {
    try await TestThread.usrsctp.run {
      var few = SCTPConfiguration()
      few.maximumStreams = 6
      let pair = try SCTPPair.connected(endpoint: try SCTPEndpoint(), server: few)
      for _ in 0..<3 { _ = try pair.client.association.open(DataChannel(label: "")) }
      #expect(throws: SCTPError.tooManyChannels) { _ = try pair.client.association.open(DataChannel(label: "")) }
      for _ in 0..<3 { _ = try pair.server.association.open(DataChannel(label: "")) }
      #expect(throws: SCTPError.tooManyChannels) { _ = try pair.server.association.open(DataChannel(label: "")) }
    }
  }

  /// A peer that speaks SCTP well and DCEP badly.
  @Test
  func badOpeningsAreRefusedAndTheAssociationGoesOn() async throws {
    try await TestThread.usrsctp.run {
      let pair = try SCTPPair.connected(endpoint: try SCTPEndpoint())
      let client = try #require(pair.client.association.socket)
      func say(_ bytes: [UInt8], _ kind: PayloadProtocol = .dcep, on stream: UInt16) {
        #expect(
          client.send(bytes, payloadProtocol: kind, on: stream, isOrdered: true, reliability: .reliable) == .sent)
        pair.run(for: .milliseconds(30))
      }
      let open = try #require(DCEPMessage.open(DataChannel(label: "x")).bytes)
      // Our own parity, nonsense, an acknowledgement of nothing, data of no channel.
      say(open, on: 1)
      say([3, 1, 2], on: 2)
      say([9], on: 4)
      say([2], on: 6)
      say([1, 2, 3], .binary, on: 8)
      say([0], .stringEmpty, on: 10)
      #expect(pair.server.events == [.connected])
      // A second opening of an open channel ends it.
      say(open, on: 12)
      #expect(pair.server.opened == [12])
      say(open, on: 12)
      pair.run(for: .seconds(1))
      #expect(pair.server.association.channel(on: 12) == nil)
      // The streams that were refused and reset are good for another try.
      say(open, on: 2)
      #expect(pair.server.opened == [12, 2])
      say(Array("hello".utf8), .string, on: 2)
      #expect(pair.server.messages(on: 2) == [.text("hello")])
    }
  }

  @Test
  func thousandsOfMutatedOpeningsAreSafe() async throws {
    try await TestThread.usrsctp.run {
      let pair = try SCTPPair.connected(endpoint: try SCTPEndpoint())
      var generator = DTLSTestGenerator(seed: 4)
      let open = try #require(DCEPMessage.open(DataChannel(label: "oai-events", protocol: "p")).bytes)
      for _ in 0..<3000 {
        var bytes = open
        for _ in 0..<Int.random(in: 0...3, using: &generator) {
          bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: .min ... .max, using: &generator)
        }
        let kind = [PayloadProtocol.dcep, .dcep, .dcep, .string, .binaryEmpty].randomElement(using: &generator)!
        _ = pair.client.association.socket?.send(
          bytes, payloadProtocol: kind, on: .random(in: 0..<64, using: &generator),
          isOrdered: Bool.random(using: &generator), reliability: .reliable)
        pair.run(for: .milliseconds(1))
      }
      #expect(pair.server.association.channels.count <= 16)
      #expect(pair.server.association.isConnected)
    }
  }
}
