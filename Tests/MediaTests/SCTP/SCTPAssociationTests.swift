import Runtime
import Testing

@testable import Media

struct SCTPAssociationTests {
  @Test
  func bothSidesMayBeginAtTheSameTime() async throws {
    try await TestThread.usrsctp.run {
      let pair = try SCTPPair.connected(endpoint: try SCTPEndpoint())
      #expect(pair.client.events == [.connected])
      #expect(pair.server.events == [.connected])
    }
  }

  @Test(arguments: [true, false])
  func oneSideMayListen(clientListens: Bool) async throws {
    try await TestThread.usrsctp.run {
      let pair = try SCTPPair(endpoint: try SCTPEndpoint())
      let (listener, caller) = clientListens ? (pair.client, pair.server) : (pair.server, pair.client)
      try listener.association.listen()
      try caller.association.connect()
      #expect(pair.run(for: .seconds(5)) { pair.client.isConnected && pair.server.isConnected })
      let stream = try pair.server.association.open(DataChannel(label: "hello"))
      try pair.server.association.send(.text("viva"), on: stream)
      pair.run(for: .milliseconds(100))
      #expect(pair.client.messages(on: stream) == [.text("viva")])
      pair.client.association.abort()
      pair.run(for: .milliseconds(100))
      #expect(pair.server.events.last == .closed(.aborted))
    }
  }

  @Test(arguments: [true, false])
  func eachSideHasAPortOfItsOwn(clientListens: Bool) async throws {
    try await TestThread.usrsctp.run {
      var client = SCTPConfiguration()
      client.port = 65_535
      var server = SCTPConfiguration()
      server.peerPort = client.port
      let pair = try SCTPPair(endpoint: try SCTPEndpoint(), client: client, server: server)
      let (listener, caller) = clientListens ? (pair.client, pair.server) : (pair.server, pair.client)
      try listener.association.listen()
      try caller.association.connect()
      #expect(pair.run(for: .seconds(5)) { pair.client.isConnected && pair.server.isConnected })
      let stream = try pair.client.association.open(DataChannel(label: "hello"))
      try pair.client.association.send(.text("viva"), on: stream)
      pair.run(for: .milliseconds(100))
      #expect(pair.server.messages(on: stream) == [.text("viva")])
    }
  }

  @Test
  func oneSideMayBeginAlone() async throws {
    try await TestThread.usrsctp.run {
      let pair = try SCTPPair(endpoint: try SCTPEndpoint())
      try pair.client.association.connect()
      pair.run(for: .milliseconds(100))
      #expect(!pair.client.isConnected)
      // The other side comes later, as when its DTLS is done a little later.
      try pair.server.association.connect()
      #expect(pair.run(for: .seconds(3)) { pair.client.isConnected && pair.server.isConnected })
    }
  }

  @Test
  func aChannelIsOpenedFromEachSide() async throws {
    try await TestThread.usrsctp.run {
      let pair = try SCTPPair.connected(endpoint: try SCTPEndpoint())
      let events = DataChannel(label: "oai-events")
      let odd = DataChannel(
        label: "odd", protocol: "json", isOrdered: false, reliability: .retransmissions(3), priority: 512)
      let fromClient = try pair.client.association.open(events)
      let fromServer = try pair.server.association.open(odd)
      #expect(fromClient == 0)
      #expect(fromServer == 1)
      pair.run(for: .milliseconds(100))
      #expect(pair.server.events.contains(.channelOpened(events, on: 0)))
      #expect(pair.client.events.contains(.channelOpened(odd, on: 1)))
      #expect(pair.client.events.contains(.channelAcknowledged(0)))
      #expect(pair.server.events.contains(.channelAcknowledged(1)))
      #expect(pair.server.association.channel(on: 0) == events)
      #expect(try pair.client.association.open(events) == 2)
    }
  }

  @Test
  func messagesOfEachKindArrive() async throws {
    try await TestThread.usrsctp.run {
      let pair = try SCTPPair.connected(endpoint: try SCTPEndpoint())
      let stream = try pair.client.association.open(DataChannel(label: ""))
      let messages: [DataChannelMessage] = [
        .text("viva voce"), .binary([0, 1, 2]), .text(""), .binary([]), .text("è"),
        .binary([UInt8](repeating: 7, count: 5000)),
      ]
      for message in messages { try pair.client.association.send(message, on: stream) }
      pair.run(for: .milliseconds(200))
      #expect(pair.server.messages(on: stream) == messages)
      for message in messages { try pair.server.association.send(message, on: stream) }
      pair.run(for: .milliseconds(200))
      #expect(pair.client.messages(on: stream) == messages)
    }
  }

  @Test
  func aThousandMessagesKeepTheirOrderUnderLossAndReordering() async throws {
    try await TestThread.usrsctp.run {
      let pair = try SCTPPair.connected(endpoint: try SCTPEndpoint())
      pair.network.loss = 5
      pair.network.duplicates = 5
      pair.network.delay = 0...15
      var generator = DTLSTestGenerator(seed: 8)
      let up = try pair.client.association.open(DataChannel(label: "up"))
      let down = try pair.server.association.open(DataChannel(label: "down"))
      let messages = (0..<1000).map { index in
        let size = index % 50 == 0 ? 20_000 : 400
        return DataChannelMessage.binary(
          (0..<Int.random(in: 0...size, using: &generator)).map { UInt8(truncatingIfNeeded: index &+ $0) })
      }
      for index in messages.indices {
        for (end, stream) in [(pair.client, up), (pair.server, down)] {
          while true {
            do {
              try end.association.send(messages[index], on: stream)
              break
            } catch SCTPError.bufferFull {
              pair.run(for: .milliseconds(1))
            }
          }
        }
      }
      #expect(
        pair.run(for: .seconds(240)) {
          pair.server.events.count > 1000 && pair.client.events.count > 1000
            && pair.server.messages(on: up).count == 1000 && pair.client.messages(on: down).count == 1000
        })
      #expect(pair.server.messages(on: up) == messages)
      #expect(pair.client.messages(on: down) == messages)
    }
  }

  @Test
  func anUnreliableChannelGivesUpAndGoesOn() async throws {
    try await TestThread.usrsctp.run {
      let pair = try SCTPPair.connected(endpoint: try SCTPEndpoint())
      let stream = try pair.client.association.open(
        DataChannel(label: "", isOrdered: false, reliability: .retransmissions(0)))
      pair.run(for: .milliseconds(100))
      pair.network.loss = 30
      for index in UInt8(0)..<200 {
        try pair.client.association.send(.binary([index]), on: stream)
        pair.run(for: .milliseconds(20))
      }
      pair.network.loss = 0
      pair.run(for: .seconds(20))
      let count = pair.server.messages(on: stream).count
      #expect(count > 60 && count < 200)
      try pair.client.association.send(.text("last"), on: stream)
      pair.run(for: .seconds(2))
      #expect(pair.server.messages(on: stream).last == .text("last"))
    }
  }

  @Test
  func packetsFitIntoARecord() async throws {
    try await TestThread.usrsctp.run {
      let pair = try SCTPPair(endpoint: try SCTPEndpoint())
      let longest = Box(0)
      pair.tap = { packet, _ in
        longest.value = max(longest.value, packet.count)
        return packet
      }
      try pair.client.association.connect()
      try pair.server.association.connect()
      pair.run(for: .seconds(1)) { pair.client.isConnected && pair.server.isConnected }
      let stream = try pair.client.association.open(DataChannel(label: ""))
      try pair.client.association.send(.binary([UInt8](repeating: 0, count: 60_000)), on: stream)
      pair.run(for: .seconds(5)) { pair.server.messages(on: stream).count == 1 }
      #expect(pair.server.messages(on: stream).count == 1)
      #expect(longest.value <= 1160)
      #expect(longest.value > 1150)
    }
  }

  @Test
  func aSilentPeerIsLost() async throws {
    try await TestThread.usrsctp.run {
      let pair = try SCTPPair.connected(endpoint: try SCTPEndpoint())
      let stream = try pair.client.association.open(DataChannel(label: ""))
      pair.run(for: .milliseconds(100))
      pair.network.loss = 100
      try pair.client.association.send(.text("anybody?"), on: stream)
      #expect(pair.run(for: .seconds(120)) { pair.client.events.last == .closed(.lost) })
      #expect(throws: SCTPError.notConnected) { try pair.client.association.send(.text("?"), on: stream) }
    }
  }

  @Test(arguments: [2, 7, 13, 25, 45])
  func aCallerWhoWasWithoutANetworkHasMissedNothing(seconds: Int) async throws {
    try await TestThread.usrsctp.run {
      let pair = try SCTPPair.connected(endpoint: try SCTPEndpoint())
      let stream = try pair.client.association.open(DataChannel(label: ""))
      pair.run(for: .milliseconds(100))
      pair.network.loss = 100
      try pair.server.association.send(.text("0"), on: stream)
      pair.run(for: .seconds(seconds))
      try pair.client.association.send(.text("Are you there?"), on: stream)
      pair.run(for: .seconds(1))
      pair.network.loss = 0
      // More than one congestion window's worth, which is small after a loss.
      for number in 1...20 {
        try pair.server.association.send(.text("\(number)" + String(repeating: " ", count: 400)), on: stream)
      }
      // Each side repeats by a clock of its own.
      let haveAll = pair.run(for: .seconds(12)) {
        pair.client.messages(on: stream).count == 21 && pair.server.messages(on: stream).count == 1
      }
      #expect(haveAll)
      try pair.server.association.send(.text("And on."), on: stream)
      #expect(pair.run(for: .seconds(2)) { pair.client.messages(on: stream).count == 22 })
    }
  }

  @Test
  func anAbortIsTold() async throws {
    try await TestThread.usrsctp.run {
      let pair = try SCTPPair.connected(endpoint: try SCTPEndpoint())
      pair.client.association.abort()
      pair.run(for: .milliseconds(10))
      #expect(pair.server.events == [.connected, .closed(.aborted)])
      #expect(pair.client.events == [.connected])
    }
  }

  @Test
  func aShutdownDeliversWhatWasSentBefore() async throws {
    try await TestThread.usrsctp.run {
      let pair = try SCTPPair.connected(endpoint: try SCTPEndpoint())
      let stream = try pair.client.association.open(DataChannel(label: ""))
      for _ in 0..<40 {
        try pair.client.association.send(.binary([UInt8](repeating: 1, count: 20_000)), on: stream)
      }
      pair.client.association.shutDown()
      #expect(throws: SCTPError.notConnected) { try pair.client.association.send(.text("late"), on: stream) }
      #expect(
        pair.run(for: .seconds(20)) {
          pair.client.events.last == .closed(nil) && pair.server.events.last == .closed(nil)
        })
      #expect(pair.server.messages(on: stream).count == 40)
    }
  }

  @Test
  func thereIsOneEndpointAtATime() async throws {
    try await TestThread.usrsctp.run {
      do {
        let endpoint = try SCTPEndpoint()
        #expect(throws: SCTPError.alreadyOwned) { _ = try SCTPEndpoint() }
        #expect(endpoint.count == 0)
      }
      _ = try SCTPEndpoint()
    }
  }
}

final class Box<Value> {
  var value: Value
  init(_ value: Value) { self.value = value }
}
